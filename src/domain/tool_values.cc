#include "domain/tool_values.h"

#include <algorithm>
#include <array>
#include <span>

#include "domain/glyphs.h"

namespace keywarden {
namespace {

using Places = std::span<const std::string_view>;

constexpr std::array kDomains =
    std::to_array<std::string_view>({"com", "org", "net", "io", "dev", "gov", "edu", "co"});
constexpr std::array kFileEndings = std::to_array<std::string_view>(
    {"txt",  "md",  "py",   "js",  "ts",  "json", "csv", "pdf", "doc", "docx", "xls",
     "xlsx", "ppt", "pptx", "png", "jpg", "jpeg", "mp3", "mp4", "wav", "html", "xml",
     "yaml", "yml", "log",  "sh",  "go",  "rs",   "c",   "cpp", "java"});
constexpr std::array kMonths = std::to_array<std::string_view>(
    {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"});
constexpr std::array kDays = std::to_array<std::string_view>({"today",
                                                              "tomorrow",
                                                              "tonight",
                                                              "yesterday",
                                                              "monday",
                                                              "tuesday",
                                                              "wednesday",
                                                              "thursday",
                                                              "friday",
                                                              "saturday",
                                                              "sunday",
                                                              "next week",
                                                              "last week",
                                                              "last month",
                                                              "last year"});
constexpr std::array kOrdinals = std::to_array<std::string_view>({"st", "nd", "rd", "th"});
constexpr std::array kCurrencies = std::to_array<std::string_view>(
    {"usd", "eur", "gbp", "jpy", "dollar", "dollars", "euro", "euros", "pound", "pounds", "yen"});
constexpr std::array kAirports = std::to_array<std::string_view>(
    {"JFK", "SFO", "LAX", "SEA", "ORD", "DFW", "ATL", "MIA", "BOS", "EWR", "LGA", "DEN",
     "PHX", "LAS", "IAH", "MCO", "CLT", "DTW", "PHL", "LHR", "CDG", "FRA", "AMS"});
constexpr std::array kYes = std::to_array<std::string_view>({"yes",
                                                             "yeah",
                                                             "yep",
                                                             "sure",
                                                             "ok",
                                                             "okay",
                                                             "go ahead",
                                                             "proceed",
                                                             "confirm",
                                                             "confirmed",
                                                             "please do",
                                                             "sounds good",
                                                             "do it",
                                                             "that works",
                                                             "correct",
                                                             "right",
                                                             "perfect",
                                                             "great"});

constexpr std::array kSquareRoot = std::to_array<std::string_view>({"sqrt"});

bool is_name(char c) { return is_word_glyph(c) || c == '-'; }
bool is_dotted(char c) { return is_word_glyph(c) || c == '.'; }
bool is_dotted_name(char c) { return is_name(c) || c == '.'; }
bool is_path(char c) { return is_dotted_name(c) || c == '/'; }
bool is_hex(char c) { return is_digit_glyph(c) || (c >= 'a' && c <= 'f'); }

/// Reads what stands at a place, and moves on behind it.
struct Reader {
    GlyphView glyphs;
    size_t at;

    size_t digits() {
        const size_t begin = at;
        at = glyphs.end_of(at, is_digit_glyph);
        return at - begin;
    }
    bool digits(size_t least, size_t most) {
        const size_t count = digits();
        return count >= least && count <= most;
    }
    bool take(char c) {
        if (glyphs.at(at) != c) return false;
        ++at;
        return true;
    }
    bool is_over() const { return glyphs.ends_word(at); }
};

/// Finds shapes in one pass over the places where they can begin or have their mark.
class Finder {
public:
    explicit Finder(std::string_view text) : glyphs_{text} {}

    uint16_t find() {
        for (size_t i = 0; i < glyphs_.text.size(); ++i) {
            const char c = glyphs_.text[i];
            if (!is_word_glyph(c)) {
                look_at_mark(i, c);
            } else if (!is_word_glyph(glyphs_.before(i))) {
                look_at_word(i, c);
            }
            if (is_digit_glyph(c) && !is_digit_glyph(glyphs_.before(i))) look_at_digits(i);
            if (c == 'o' || c == 'O') look_at_clock(i);
        }
        return found_;
    }

private:
    void add(ValueShape shape) {
        found_ = static_cast<uint16_t>(found_ | (1U << static_cast<unsigned>(shape)));
    }
    void add_if(bool is_there, ValueShape shape) {
        if (is_there) add(shape);
    }

    void look_at_mark(size_t i, char c) {
        switch (c) {
            case '@':
                add_if(is_email(i), ValueShape::Email);
                break;
            case '.':
                look_at_dot(i);
                break;
            case ':':
                add_if(is_scheme(i), ValueShape::Url);
                break;
            case '/':
                add_if(is_path_begin(i), ValueShape::Path);
                add_if(is_repository(i), ValueShape::Repository);
                break;
            case '#':
                add_if(has_digit_behind(i), ValueShape::Identifier);
                break;
            case '$':
            case kMoneyGlyph:
                add_if(is_amount(i), ValueShape::Money);
                break;
            case '%':
                add(ValueShape::Expression);
                break;
            case ',':
                add_if(is_coordinates(i), ValueShape::Coordinates);
                break;
            default:
                break;
        }
        if (c == '+' || c == '*' || c == '/' || c == '^' || c == '=' || c == '-') {
            add_if(is_operator(i), ValueShape::Expression);
        }
        if (c == '"' || c == '\'' || c == '`' || c == kOpenQuoteGlyph) {
            add_if(is_quoted(i), ValueShape::Quoted);
        }
    }

    void look_at_word(size_t i, char c) {
        if (is_digit_glyph(c)) {
            add_if(is_date(i), ValueShape::Date);
            add_if(is_time(i), ValueShape::Time);
            add_if(is_ip_address(i), ValueShape::IpAddress);
        } else {
            add_if(is_day(i), ValueShape::Date);
            add_if(is_one_of(i, kCurrencies), ValueShape::Money);
            add_if(has_exactly(i, kSquareRoot), ValueShape::Expression);
            add_if(glyphs_.text.substr(i).starts_with("x^"), ValueShape::Expression);
            add_if(is_airport(i), ValueShape::Airport);
            add_if(is_code(i) || is_snake_number(i), ValueShape::Identifier);
        }
        add_if(is_hash(i), ValueShape::Identifier);
    }

    /// Wherever digits begin, inside words too.
    void look_at_digits(size_t i) {
        const char before = glyphs_.before(i);
        const size_t end = glyphs_.end_of(i, is_digit_glyph);
        if (!is_dotted(before) && before != '#' && !is_name(glyphs_.at(end))) {
            add(ValueShape::Number);
        }
        if (i >= phone_looked_until_) look_at_phone(i);
    }

    void look_at_phone(size_t i) {
        const auto is_part = [](char c) { return is_digit_glyph(c) || c == ' ' || c == '-'; };
        const size_t end = glyphs_.end_of(i, is_part);
        size_t last = end - 1;
        while (!is_digit_glyph(glyphs_.at(last))) --last;
        constexpr size_t kPhoneMin = 9;  // between the first digit and the last
        add_if(last - i >= kPhoneMin, ValueShape::Phone);
        phone_looked_until_ = end;
    }

    void look_at_clock(size_t i) {
        add_if(glyphs_.at(i + 1) != '\n' && glyphs_.has(i + 2, "clock"), ValueShape::Time);
    }

    bool is_one_of(size_t i, Places words) const {
        return std::ranges::any_of(
            words, [&](std::string_view word) { return glyphs_.has_word(i, word); });
    }
    bool has_exactly(size_t i, Places words) const {
        return std::ranges::any_of(words, [&](std::string_view word) {
            return glyphs_.text.substr(i).starts_with(word) && glyphs_.ends_word(i + word.size());
        });
    }

    bool is_email(size_t i) const {
        const char before = glyphs_.before(i);
        if (!is_dotted_name(before) && before != '+') return false;
        const size_t end = glyphs_.end_of(i + 1, is_name);
        return end > i + 1 && glyphs_.at(end) == '.' && is_dotted(glyphs_.at(end + 1));
    }

    /// Whether a name stands before `i`, and is one by its letters.
    bool has_name_before(size_t i) const {
        while (i > 0 && glyphs_.at(i - 1) == '-') --i;
        return is_word_glyph(glyphs_.before(i));
    }

    void look_at_dot(size_t i) {
        add_if(glyphs_.text.substr(0, i).ends_with("www"), ValueShape::Url);
        if (!has_name_before(i)) return;
        add_if(has_exactly(i + 1, kDomains), ValueShape::Url);
        add_if(has_exactly(i + 1, kFileEndings), ValueShape::Path);
    }

    bool is_scheme(size_t i) const {
        if (!glyphs_.text.substr(i).starts_with("://")) return false;
        const std::string_view before = glyphs_.text.substr(0, i);
        return before.ends_with("http") || before.ends_with("https");
    }

    bool is_path_begin(size_t i) const {
        if (!is_path(glyphs_.at(i + 1))) return false;
        const auto may_begin = [&](size_t at) {
            const char before = glyphs_.before(at);
            return at == 0 || is_space_glyph(before) || before == '\'' || before == '"' ||
                   before == '`';
        };
        if (may_begin(i)) return true;
        const char before = glyphs_.before(i);
        return (before == '~' || before == '.') && may_begin(i - 1);
    }

    bool is_repository(size_t i) const {
        size_t begin = i;
        bool is_owner = false;
        while (begin > 0 && is_dotted_name(glyphs_.at(begin - 1))) {
            --begin;
            const char before = glyphs_.before(begin);
            const bool may_begin = !is_dotted(before) && before != '/';
            is_owner =
                is_owner || (is_letter_glyph(glyphs_.at(begin)) && i - begin >= 2 && may_begin);
        }
        if (!is_owner || !is_letter_glyph(glyphs_.at(i + 1))) return false;
        const size_t end = glyphs_.end_of(i + 2, is_dotted_name);
        if (end == i + 2) return false;
        if (glyphs_.at(end) != '/') return true;
        // It may end earlier, before a dot or a dash.
        const std::string_view rest = glyphs_.text.substr(i + 3, end - (i + 3));
        return rest.find_first_of(".-") != std::string_view::npos;
    }

    bool has_digit_behind(size_t i) const {
        const size_t end = glyphs_.end_of(i + 1, is_word_glyph);
        return std::ranges::any_of(glyphs_.text.substr(i + 1, end - (i + 1)), is_digit_glyph);
    }

    bool is_amount(size_t i) const {
        const size_t at = is_space_glyph(glyphs_.at(i + 1)) ? i + 2 : i + 1;
        return is_digit_glyph(glyphs_.at(at));
    }

    bool is_operator(size_t i) const {
        const size_t before = i > 0 && is_space_glyph(glyphs_.at(i - 1)) ? i - 1 : i;
        return is_digit_glyph(glyphs_.before(before)) && is_amount(i);
    }

    bool is_quoted(size_t i) const {
        constexpr size_t kQuotedMin = 2;
        constexpr size_t kQuotedMax = 60;
        size_t length = 0;
        for (; length <= kQuotedMax; ++length) {
            const char c = glyphs_.at(i + 1 + length);
            if (i + 1 + length >= glyphs_.text.size()) return false;
            if (c == '"' || c == '\'' || c == '`' || c == kCloseQuoteGlyph) break;
        }
        return length >= kQuotedMin && length <= kQuotedMax;
    }

    bool is_coordinates(size_t i) const {
        size_t digits = i;
        while (is_digit_glyph(glyphs_.before(digits))) --digits;
        if (i - digits < 2 || glyphs_.before(digits) != '.') return false;
        if (digits < 2 || !is_digit_glyph(glyphs_.at(digits - 2))) return false;
        Reader read{glyphs_, glyphs_.end_of(i + 1, is_space_glyph)};
        read.take('-');
        return read.digits(1, 3) && read.take('.') && read.digits() >= 2;
    }

    bool is_date(size_t i) const {
        Reader iso{glyphs_, i};
        if (iso.digits(4, 4) && iso.take('-') && iso.digits(1, 2) && iso.take('-') &&
            iso.digits(1, 2) && iso.is_over()) {
            return true;
        }
        Reader slashed{glyphs_, i};
        if (slashed.digits(1, 2) && slashed.take('/') && slashed.digits(1, 2) &&
            slashed.take('/') && slashed.digits(2, 4) && slashed.is_over()) {
            return true;
        }
        Reader ordinal{glyphs_, i};
        return ordinal.digits(1, 2) && is_one_of(ordinal.at, kOrdinals);
    }

    bool is_day(size_t i) const {
        if (is_one_of(i, kDays)) return true;
        const bool is_month = std::ranges::any_of(
            kMonths, [&](std::string_view month) { return glyphs_.has(i, month); });
        if (!is_month) return false;
        Reader read{glyphs_, glyphs_.end_of(i, is_letter_glyph)};
        read.take('.');
        return read.take(' ') && is_digit_glyph(glyphs_.at(read.at));
    }

    bool is_time(size_t i) const {
        Reader read{glyphs_, i};
        if (!read.digits(1, 2)) return false;
        const auto has_half = [&](size_t at) {
            if (is_space_glyph(glyphs_.at(at))) ++at;
            return glyphs_.has_word(at, "am") || glyphs_.has_word(at, "pm");
        };
        if (has_half(read.at)) return true;
        if (!read.take(':') || !is_digit_glyph(glyphs_.at(read.at)) ||
            !is_digit_glyph(glyphs_.at(read.at + 1))) {
            return false;
        }
        read.at += 2;
        return read.is_over() || has_half(read.at);
    }

    bool is_ip_address(size_t i) const {
        Reader read{glyphs_, i};
        if (!read.digits(1, 3)) return false;
        for (int part = 0; part < 3; ++part) {
            if (!read.take('.') || !read.digits(1, 3)) return false;
        }
        return read.is_over();
    }

    bool is_airport(size_t i) const {
        if (has_exactly(i, kAirports)) return true;
        const auto is_code_at = [&](size_t at) {
            return is_upper_glyph(glyphs_.at(at)) && is_upper_glyph(glyphs_.at(at + 1)) &&
                   is_upper_glyph(glyphs_.at(at + 2));
        };
        return is_code_at(i) && glyphs_.text.substr(i + 3).starts_with(" to ") &&
               is_code_at(i + 7) && glyphs_.ends_word(i + 10);
    }

    /// "ABC-123".
    bool is_code(size_t i) const {
        Reader read{glyphs_, glyphs_.end_of(i, is_upper_glyph)};
        if (read.at - i < 2) return false;
        if (!read.take('-')) read.take('_');
        return read.digits() > 0 && read.is_over();
    }

    /// "john_doe_123".
    bool is_snake_number(size_t i) const {
        Reader read{glyphs_, i};
        for (int part = 0; part < 2; ++part) {
            const size_t begin = read.at;
            read.at = glyphs_.end_of(begin, is_lower_glyph);
            if (read.at == begin || !read.take('_')) return false;
        }
        return read.digits() > 0 && read.is_over();
    }

    bool is_hash(size_t i) const {
        const size_t end = glyphs_.end_of(i, is_hex);
        return end - i >= 7 && end - i <= 40 && glyphs_.ends_word(end);
    }

    GlyphView glyphs_;
    uint16_t found_ = 0;
    size_t phone_looked_until_ = 0;
};

}  // namespace

uint16_t value_shapes(std::string_view glyphs) { return Finder(glyphs).find(); }

bool is_affirmative(std::string_view glyphs) {
    const GlyphView view{glyphs};
    for (size_t i = 0; i < glyphs.size(); ++i) {
        if (!view.begins_word(i)) continue;
        const bool is_yes = std::ranges::any_of(
            kYes, [&](std::string_view word) { return view.has_word(i, word); });
        if (is_yes) return true;
    }
    return false;
}

}  // namespace keywarden
