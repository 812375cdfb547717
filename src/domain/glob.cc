#include "domain/glob.h"

#include <algorithm>
#include <bitset>
#include <optional>

namespace keywarden {
namespace {

using Places = std::bitset<kGlobBytesMax + 1>;  // where in a pattern one can be

bool is_wild(char c) { return c == '*' || c == '?'; }

std::string normal_form(std::string_view text) {
    std::string normal;
    normal.reserve(text.size());
    bool star = false;
    for (const char c : text) {
        if (c == '*') {
            star = true;
            continue;
        }
        if (star && c != '?') {
            normal += '*';
            star = false;
        }
        normal += c;
    }
    if (star) normal += '*';
    return normal;
}

Result<void> check_size(std::string_view text) {
    if (text.empty()) return fail(ErrorCode::InvalidRequest, "A pattern must not be empty.");
    if (text.size() <= kGlobBytesMax) return {};
    return fail(ErrorCode::InvalidRequest,
                "A pattern may have at most " + std::to_string(kGlobBytesMax) + " characters.");
}

/// The places in `wide` that are of use to it while it reads all words of another pattern.
///
/// A place behind a star is worth nothing once a later star is reached: what the earlier place
/// accepts, the later accepts too. So it is one star (or the front), and places between it and the
/// next star.
class Reader {
public:
    explicit Reader(std::string_view wide) : wide_(wide) {
        places_.set(0);
        settle();
    }

    /// A letter of the narrow pattern. Nothing: one that the wide pattern does not name, the worst
    /// that a `?` can stand for (whatever takes it takes any letter).
    void read(std::optional<char> letter) {
        Places next;
        for (size_t at = star_.value_or(0); at < wide_.size(); ++at) {
            if (!places_[at]) continue;
            const char c = wide_[at];
            if (c == '*') {
                next.set(at);
            } else if (c == '?' || c == letter) {
                next.set(at + 1);
            }
        }
        places_ = next;
        settle();
    }

    /// A `*` of the narrow pattern: any text, so the worst for the wide one.
    ///
    /// Where only `?`s stand before the next star, the worst is the shortest text, none: each
    /// letter brings that star closer, and no other place accepts more than that one. Anywhere
    /// else the worst is a long text of unnamed letters, which only a star survives.
    void read_anything() {
        for (size_t at = wide_.size(); at-- > star_.value_or(0);) {
            if (places_[at] && wide_[at] == '?' && star_follows(at)) {
                keep_only(at);
                return;
            }
        }
        places_.reset();
        if (star_) places_.set(*star_).set(*star_ + 1);
    }

    bool at_end() const { return places_[wide_.size()]; }

private:
    /// Forgets the places before the last star reached. What follows a star is reached with it.
    void settle() {
        for (size_t at = wide_.size(); at-- > star_.value_or(0);) {
            if (!places_[at] || wide_[at] != '*') continue;
            star_ = at;
            places_ >>= at;
            places_ <<= at;
            places_.set(at + 1);
            return;
        }
    }

    bool star_follows(size_t at) const {
        const size_t end = wide_.find_first_not_of('?', at);
        return end != std::string_view::npos && wide_[end] == '*';
    }

    void keep_only(size_t at) {
        places_.reset();
        places_.set(at);
        if (star_) places_.set(*star_).set(*star_ + 1);
    }

    std::string_view wide_;
    Places places_;
    std::optional<size_t> star_;
};

}  // namespace

Glob::Glob(std::string normal) : text_(std::move(normal)) {
    const auto wild = std::ranges::find_if(text_, is_wild);
    if (wild == text_.end()) {
        kind_ = Kind::Literal;
    } else if (*wild == '*' && wild + 1 == text_.end()) {
        kind_ = wild == text_.begin() ? Kind::Everything : Kind::Prefix;
    } else if (text_[0] == '*' && std::none_of(wild + 1, text_.end(), is_wild)) {
        kind_ = Kind::Suffix;
    }
}

Result<Glob> Glob::parse(std::string_view text) {
    TRY_VOID(check_size(text));
    if (!std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; })) {
        return fail(ErrorCode::InvalidRequest, "A pattern may only have visible ASCII characters.");
    }
    return Glob(normal_form(text));
}

Result<Glob> Glob::parse_any(std::string_view text) {
    TRY_VOID(check_size(text));
    const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; };
    if (std::ranges::any_of(text, is_control)) {
        return fail(ErrorCode::InvalidRequest, "A pattern must not have control characters.");
    }
    return Glob(normal_form(text));
}

// Only the last star need be remembered: what an earlier one could take, the last one can too.
bool Glob::matches(std::string_view name) const {
    switch (kind_) {
        case Kind::Literal:
            return name == text_;
        case Kind::Everything:
            return true;
        case Kind::Prefix:
            return name.starts_with(std::string_view(text_).substr(0, text_.size() - 1));
        case Kind::Suffix:
            return name.ends_with(std::string_view(text_).substr(1));
        case Kind::General:
            break;
    }
    size_t at = 0;
    size_t read = 0;
    std::optional<size_t> star;
    size_t star_read = 0;
    while (read < name.size()) {
        if (at < text_.size() && text_[at] == '*') {
            star = at++;
            star_read = read;
        } else if (at < text_.size() && (text_[at] == '?' || text_[at] == name[read])) {
            ++at;
            ++read;
        } else if (star) {
            at = *star + 1;
            // Straight to the next place where what follows the star can begin.
            const bool anywhere = at == text_.size() || text_[at] == '?';
            star_read = anywhere ? star_read + 1 : name.find(text_[at], star_read + 1);
            if (star_read == std::string_view::npos) return false;
            read = star_read;
        } else {
            return false;
        }
    }
    return at == text_.size() || (at + 1 == text_.size() && text_[at] == '*');
}

bool covers(const Glob& wide, const Glob& narrow) {
    if (wide.is_everything()) return true;
    if (narrow.is_literal()) return wide.matches(narrow.text());
    if (wide.is_literal()) return false;
    Reader reader(wide.text());
    for (const char c : narrow.text()) {
        if (c == '*') {
            reader.read_anything();
        } else {
            reader.read(c == '?' ? std::nullopt : std::optional(c));
        }
    }
    return reader.at_end();
}

// A word in both is a walk through both patterns at once. Row by row of `a`: which places of `b`
// can be reached together with that place of `a`.
bool overlap(const Glob& a, const Glob& b) {
    if (a.is_literal()) return b.matches(a.text());
    if (b.is_literal()) return a.matches(b.text());
    const std::string& x = a.text();
    const std::string& y = b.text();
    Places row;
    row.set(0);
    for (size_t i = 0; i <= x.size(); ++i) {
        Places next;
        for (size_t j = 0; j <= y.size(); ++j) {
            if (!row[j]) continue;
            const bool x_star = i < x.size() && x[i] == '*';
            const bool y_star = j < y.size() && y[j] == '*';
            if (x_star) next.set(j);  // takes nothing more
            if (y_star) row.set(j + 1);
            if (x_star && j < y.size()) row.set(j + 1);  // takes what y reads
            if (y_star && i < x.size()) next.set(j);     // takes what x reads
            if (i < x.size() && j < y.size() && (x[i] == y[j] || x[i] == '?' || y[j] == '?')) {
                next.set(j + 1);
            }
        }
        if (i == x.size()) return row[y.size()];
        row = next;
    }
    return false;
}

}  // namespace keywarden
