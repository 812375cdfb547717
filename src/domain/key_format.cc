#include "domain/key_format.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <iterator>
#include <utility>

#include "base/id.h"
#include "domain/key_format_overlap.h"

namespace keywarden {
namespace {

constexpr size_t kCheckLength = 6;
constexpr size_t kShown = 4;  // characters of a secret that lists show, at either end
constexpr size_t kSecretBitsMin = 128;
constexpr std::string_view kEllipsis = "…";

ByteSet set_of(std::string_view alphabet) {
    ByteSet set;
    for (const char c : alphabet) set.set(static_cast<unsigned char>(c));
    return set;
}

bool has_prefix(const KeyShape& shape) {
    return shape.parts.front().kind == Segment::Kind::Literal;
}

bool has_prefix(const KeyFormat& format) {
    return format.shapes.front().front().kind == Segment::Kind::Literal;
}

KeyShape::Part ready(const Segment& segment) {
    switch (segment.kind) {
        case Segment::Kind::Literal:
            return {.kind = segment.kind, .text = segment.text};
        case Segment::Kind::Environment:
            return {.kind = segment.kind};
        case Segment::Kind::Check:
            return {.kind = segment.kind,
                    .length_min = kCheckLength,
                    .length_max = kCheckLength,
                    .set = set_of(kBase62)};
        default:
            break;
    }
    return {.kind = segment.kind,
            .length_min = segment.length_min,
            .length_max = segment.length_max,
            .set = set_of(segment.alphabet)};
}

/// Those with a prefix first.
std::vector<KeyShape> ready(const std::vector<KeyFormat>& formats) {
    std::vector<KeyShape> shapes;
    std::vector<KeyShape> without_prefix;
    for (size_t i = 0; i < formats.size(); ++i) {
        for (const std::vector<Segment>& segments : formats[i].shapes) {
            KeyShape shape{.format = i, .parts = {}};
            for (const Segment& segment : segments) shape.parts.push_back(ready(segment));
            (has_prefix(shape) ? shapes : without_prefix).push_back(std::move(shape));
        }
    }
    std::ranges::move(without_prefix, std::back_inserter(shapes));
    return shapes;
}

/// A presented string on its way through a shape.
struct Match {
    std::string_view whole;
    const std::vector<KeyShape::Part>& parts;
    ParsedKey found{};

    bool from(size_t part_index, size_t at) {
        if (part_index == parts.size()) return at == whole.size();
        const KeyShape::Part& part = parts[part_index];
        const std::string_view rest = whole.substr(at);
        switch (part.kind) {
            case Segment::Kind::Literal:
                return rest.starts_with(part.text) && from(part_index + 1, at + part.text.size());
            case Segment::Kind::Environment:
                return std::ranges::any_of(kKeyEnvironments, [&](std::string_view environment) {
                    if (!rest.starts_with(environment)) return false;
                    found.environment = rest.substr(0, environment.size());
                    return from(part_index + 1, at + environment.size());
                });
            case Segment::Kind::Check:
                return rest.starts_with(base62_of_crc32(crc32(whole.substr(0, at)))) &&
                       from(part_index + 1, at + kCheckLength);
            default:
                return piece(part, part_index, at);
        }
    }

    /// Longest first, where the length may vary.
    bool piece(const KeyShape::Part& part, size_t part_index, size_t at) {
        size_t length = 0;
        const size_t most = std::min(part.length_max, whole.size() - at);
        while (length < most && part.set[static_cast<unsigned char>(whole[at + length])]) {
            ++length;
        }
        for (; length >= part.length_min; --length) {
            const std::string_view text = whole.substr(at, length);
            (part.kind == Segment::Kind::Id ? found.id : found.secret) = text;
            if (from(part_index + 1, at + length)) return true;
            if (length == 0) break;
        }
        return false;
    }
};

/// Whole bits of chance in `length` characters of an alphabet of `size`, rounded down.
size_t bits_of(size_t length, size_t size) {
    size_t bits = 0;
    uint64_t value = 1;  // 2^bits * value combinations, cut to 32 bits each round
    for (size_t i = 0; i < length; ++i) {
        value *= size;
        for (; value >> 32 != 0; value >>= 1) ++bits;
    }
    return bits + static_cast<size_t>(std::bit_width(value)) - 1;
}

Result<void> check(const KeyFormat& format) {
    const auto invalid = [&](std::string_view what) {
        return fail(ErrorCode::InvalidConfig,
                    fmt::format("Key format '{}' {}.", format.name, what));
    };
    if (format.shapes.empty()) return invalid("has no shape");
    for (const std::vector<Segment>& shape : format.shapes) {
        if (shape.empty()) return invalid("has a shape without segments");
        size_t bits = 0;
        for (const Segment& segment : shape) {
            if (segment.kind != Segment::Kind::Id && segment.kind != Segment::Kind::SecretText) {
                continue;
            }
            if (segment.alphabet.size() < 2 || segment.alphabet.size() > 256 ||
                segment.length_min > segment.length_max || segment.length_max > kPresentedMax) {
                return invalid("has a segment of impossible length or alphabet");
            }
            if (segment.kind == Segment::Kind::SecretText) {
                bits += bits_of(segment.length_min, segment.alphabet.size());
            }
        }
        if (format.can_be_minted && bits < kSecretBitsMin) {
            return invalid("has secrets of fewer than 128 bits");
        }
    }
    return {};
}

Result<void> check_overlap(const std::vector<KeyFormat>& formats,
                           const std::vector<KeyShape>& shapes) {
    for (size_t i = 0; i < shapes.size(); ++i) {
        for (size_t j = i + 1; j < shapes.size(); ++j) {
            if (shapes[i].format == shapes[j].format) continue;
            // One without a prefix takes only what no prefix claims.
            if (has_prefix(shapes[i]) != has_prefix(shapes[j])) continue;
            const auto common = common_string(shapes[i], shapes[j]);
            if (!common) continue;
            return fail(ErrorCode::InvalidConfig,
                        fmt::format("Key formats '{}' and '{}' can both match one string, such as "
                                    "'{}'. Enable only one of them.",
                                    formats[shapes[i].format].name,
                                    formats[shapes[j].format].name,
                                    *common));
        }
    }
    return {};
}

}  // namespace

Digest stored_digest(std::string_view id, const Digest& secret_sha256) {
    assert(id.size() <= kPresentedMax);
    std::array<char, std::tuple_size_v<Digest> + kPresentedMax> bound{};
    std::ranges::copy(secret_sha256, bound.begin());
    std::ranges::copy(id, bound.begin() + secret_sha256.size());
    return sha256({bound.data(), secret_sha256.size() + id.size()});
}

KeyFormats::KeyFormats(std::vector<KeyFormat> formats, const Secret& pepper)
    : formats_(std::move(formats)), shapes_(ready(formats_)), pepper_(pepper.reveal()) {}

Result<KeyFormats> KeyFormats::of(std::vector<KeyFormat> formats, const Secret& pepper) {
    for (const KeyFormat& format : formats) TRY_VOID(check(format));
    KeyFormats made(std::move(formats), pepper);
    TRY_VOID(check_overlap(made.formats_, made.shapes_));
    return made;
}

Result<KeyFormats> KeyFormats::open(const std::vector<std::string>& enabled, const Secret& pepper) {
    const std::vector<KeyFormat>& known = built_in_key_formats();
    std::vector<KeyFormat> chosen;
    for (const std::string& name : enabled) {
        const auto at = std::ranges::find(known, name, &KeyFormat::name);
        if (at == known.end()) {
            std::vector<std::string_view> names;
            for (const KeyFormat& format : known) names.push_back(format.name);
            return fail(
                ErrorCode::InvalidConfig,
                fmt::format(
                    "There is no key format '{}'. There are: {}.", name, fmt::join(names, ", ")));
        }
        if (std::ranges::find(chosen, name, &KeyFormat::name) != chosen.end()) continue;
        chosen.push_back(*at);
    }
    if (chosen.empty()) return fail(ErrorCode::InvalidConfig, "No key format is enabled.");
    return of(std::move(chosen), pepper);
}

const KeyFormat* KeyFormats::find(std::string_view name) const {
    const auto at = std::ranges::find(formats_, name, &KeyFormat::name);
    return at == formats_.end() ? nullptr : &*at;
}

std::optional<ParsedKey> KeyFormats::parse(std::string_view presented) const {
    if (presented.size() > kPresentedMax) return std::nullopt;
    bool claimed = false;
    for (const KeyShape& shape : shapes_) {
        if (!has_prefix(shape) && claimed) break;
        Match match{.whole = presented, .parts = shape.parts};
        if (match.from(0, 0)) {
            match.found.format = shape.format;
            return match.found;
        }
        claimed |= has_prefix(shape) && presented.starts_with(shape.parts.front().text);
    }
    return std::nullopt;
}

Digest KeyFormats::digest(std::string_view presented,
                          const std::optional<ParsedKey>& parsed) const {
    if (!parsed) return pepper_.sign(presented.substr(0, kPresentedMax));
    switch (formats_[parsed->format].hash) {
        case KeyFormat::Hash::HmacOfWhole:
            return pepper_.sign(presented);
        case KeyFormat::Hash::Sha256OfWhole:
            return sha256(presented);
        case KeyFormat::Hash::SecretBoundToId:
            break;
    }
    return stored_digest(parsed->id, sha256(parsed->secret));
}

KeyFormats::Minted KeyFormats::mint(const KeyFormat& format, bool test) const {
    assert(format.can_be_minted);
    std::string text;
    text.reserve(kPresentedMax);  // so that growing leaves no copy behind
    std::string id;
    for (const Segment& segment : format.shapes.front()) {
        switch (segment.kind) {
            case Segment::Kind::Literal:
                text += segment.text;
                break;
            case Segment::Kind::Environment:
                text += kKeyEnvironments[test ? 1 : 0];
                break;
            case Segment::Kind::Id:
                id = random_text(segment.length_max, segment.alphabet);
                text += id;
                break;
            case Segment::Kind::SecretText:
                text += Secret(random_text(segment.length_max, segment.alphabet)).reveal();
                break;
            case Segment::Kind::Check:
                text += base62_of_crc32(crc32(text));
                break;
        }
    }
    Secret secret(std::move(text));
    const auto parsed = parse(secret.reveal());
    assert(parsed);
    std::string shown = display(secret.reveal(), *parsed);
    return {.secret = std::move(secret),
            .id = id.empty() ? new_id("sec") : std::move(id),
            .display = std::move(shown)};
}

std::string KeyFormats::display(std::string_view presented, const ParsedKey& parsed) const {
    const auto offset = [&](std::string_view part) {
        return static_cast<size_t>(part.data() - presented.data());
    };
    size_t shown = 0;
    if (!parsed.id.empty()) {
        shown = offset(parsed.id) + parsed.id.size();
    } else if (has_prefix(formats_[parsed.format])) {
        shown = offset(parsed.secret) + kShown;
    }
    std::string out(presented.substr(0, shown));
    out += kEllipsis;
    out += presented.substr(presented.size() - kShown);
    return out;
}

bool KeyFormats::is_test(const KeyFormat& format, std::string_view displayed) {
    for (const Segment& segment : format.shapes.front()) {
        if (segment.kind == Segment::Kind::Environment) {
            return displayed.starts_with(kKeyEnvironments[1]);
        }
        if (segment.kind != Segment::Kind::Literal) return false;
        if (!displayed.starts_with(segment.text)) return false;
        displayed.remove_prefix(segment.text.size());
    }
    return false;
}

}  // namespace keywarden
