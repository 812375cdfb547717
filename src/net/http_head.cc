#include "net/http_head.h"

#include <algorithm>
#include <cstring>

#include "base/bytes16.h"
#include "base/http.h"

namespace keywarden {
namespace {

constexpr size_t kMethodBytesMax = 32;

struct CharTable {
    std::array<bool, 256> yes{};
    bool operator[](char c) const { return yes[static_cast<unsigned char>(c)]; }
};

constexpr bool is_alnum(int c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr CharTable only(std::string_view chars) {
    CharTable table;
    for (const char c : chars) table.yes[static_cast<unsigned char>(c)] = true;
    return table;
}

constexpr CharTable letters_and(std::string_view others) {
    CharTable table = only(others);
    for (int c = 0; c < 256; ++c) table.yes[static_cast<size_t>(c)] |= is_alnum(c);
    return table;
}

// Source: RFC 9110, section 5.6.2 (token); RFC 3986, section 2.3 (unreserved).
constexpr CharTable kToken = letters_and("!#$%&'*+-.^_`|~");
constexpr CharTable kHostName = letters_and("-._~");
constexpr CharTable kAddressInBrackets = only("0123456789abcdefABCDEF:.");

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_space(char c) { return c == ' ' || c == '\t'; }

/// Visible ASCII, without the '#' that no target may have.
bool is_target_text(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != '#'; });
}

/// All ones where one of the sixteen is a control byte, TAB included.
auto control_bytes(const char* sixteen) {
    const Bytes16 bytes = load16(sixteen);
    return (bytes < 0x20) | (bytes == 0x7f);
}

/// A name, or an address in brackets, and perhaps a port.
bool is_host(std::string_view host) {
    size_t end = 0;
    if (host.starts_with('[')) {
        end = std::min(host.find(']'), host.size() - 1) + 1;
        const std::string_view address = host.substr(1, end - 2);
        if (end < 4 || host[end - 1] != ']') return false;
        if (!std::ranges::all_of(address, [](char c) { return kAddressInBrackets[c]; })) {
            return false;
        }
    } else {
        while (end < host.size() && kHostName[host[end]]) ++end;
        if (end == 0) return false;
    }
    if (end == host.size()) return true;
    const std::string_view port = host.substr(end + 1);
    return host[end] == ':' && port.size() <= 5 && std::ranges::all_of(port, is_digit);
}

std::optional<uint64_t> parse_length(std::string_view text) {
    constexpr size_t kDigitsMax = 18;  // cannot overflow
    if (text.empty() || text.size() > kDigitsMax) return std::nullopt;
    uint64_t value = 0;
    for (const char c : text) {
        if (!is_digit(c)) return std::nullopt;
        value = value * 10 + static_cast<uint64_t>(c - '0');
    }
    return value;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

/// Calls `each` with the members of a comma-separated list until it says true.
template <class Each>
bool any_of_list(std::string_view list, Each each) {
    while (!list.empty()) {
        const size_t comma = std::min(list.find(','), list.size());
        if (each(trimmed(list.substr(0, comma)))) return true;
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
}

/// "HTTP/1.0" or "HTTP/1.1".
HeadFault parse_version(std::string_view text, int8_t& minor) {
    if (text.size() != 8 || !text.starts_with("HTTP/") || !is_digit(text[5]) || text[6] != '.' ||
        !is_digit(text[7])) {
        return HeadFault::Malformed;
    }
    if (text[5] != '1' || text[7] > '1') return HeadFault::Version;
    minor = static_cast<int8_t>(text[7] - '0');
    return HeadFault::None;
}

}  // namespace

bool is_field_text(std::string_view text) {
    constexpr size_t kStep = sizeof(Bytes16);
    const auto is_plain = [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
    };
    if (text.size() < kStep) return std::ranges::all_of(text, is_plain);
    auto found = control_bytes(text.data() + text.size() - kStep);  // some of them twice
    for (size_t i = 0; i + kStep <= text.size(); i += kStep) {
        found |= control_bytes(text.data() + i);
    }
    return !any_set(found) || std::ranges::all_of(text, is_plain);
}

FieldView MessageHead::field(size_t index) const {
    const Field& found = fields_[index];
    return {view(found.name), view(found.value)};
}

std::string_view MessageHead::value(std::string_view name) const {
    for (size_t i = 0; i < count_; ++i) {
        if (equal_ignoring_case(view(fields_[i].name), name)) return view(fields_[i].value);
    }
    return {};
}

size_t MessageHead::count(std::string_view name) const {
    size_t found = 0;
    for (size_t i = 0; i < count_; ++i) {
        if (equal_ignoring_case(view(fields_[i].name), name)) ++found;
    }
    return found;
}

bool MessageHead::connection_names(std::string_view name) const {
    for (size_t i = 0; i < count_; ++i) {
        if (!equal_ignoring_case(view(fields_[i].name), "connection")) continue;
        const bool named = any_of_list(view(fields_[i].value), [name](std::string_view member) {
            return equal_ignoring_case(member, name);
        });
        if (named) return true;
    }
    return false;
}

MessageHead::Progress MessageHead::fail(HeadFault fault) {
    fault_ = fault;
    return Progress::Bad;
}

template <class Parser>
MessageHead::Progress MessageHead::parse_lines(const char* data, size_t size, Parser* parser) {
    base_ = data;
    if (fault_ != HeadFault::None) return Progress::Bad;
    const size_t reach = std::min(size, kHeadBytesMax);
    for (;;) {
        const void* found =
            scanned_ < reach ? std::memchr(data + scanned_, '\n', reach - scanned_) : nullptr;
        if (found == nullptr) {
            scanned_ = reach;
            if (lines_ == 0 && !parser->may_begin_with(consumed_, reach)) {
                return fail(HeadFault::Malformed);
            }
            return reach == kHeadBytesMax ? fail(HeadFault::TooLarge) : Progress::More;
        }
        const size_t begin = consumed_;
        const size_t end = static_cast<size_t>(static_cast<const char*>(found) - data);
        if (end == begin || data[end - 1] != '\r') return fail(HeadFault::Malformed);
        consumed_ = scanned_ = end + 1;
        if (end - 1 > begin) {
            const HeadFault fault = lines_++ == 0 ? parser->parse_first_line(begin, end - 1)
                                                  : parse_field(begin, end - 1);
            if (fault != HeadFault::None) return fail(fault);
        } else if (lines_ > 0) {
            const HeadFault fault = parser->check_whole();
            return fault == HeadFault::None ? Progress::Done : fail(fault);
        } else if (begin > 0 || !is_request_) {
            return fail(HeadFault::Malformed);  // only one empty line, and only before a request
        }
    }
}

HeadFault MessageHead::parse_field(size_t begin, size_t end) {
    const auto* const mark = static_cast<const char*>(std::memchr(base_ + begin, ':', end - begin));
    if (mark == nullptr) return HeadFault::Malformed;
    const auto colon = static_cast<size_t>(mark - base_);
    bool is_token = colon > begin;
    for (size_t i = begin; i < colon; ++i) is_token &= kToken[base_[i]];
    if (!is_token) return HeadFault::Malformed;
    size_t first = colon + 1;
    while (first < end && is_space(base_[first])) ++first;
    size_t last = end;
    while (last > first && is_space(base_[last - 1])) --last;
    if (!is_field_text({base_ + first, last - first})) return HeadFault::Malformed;
    if (count_ == kHeadFieldsMax) return HeadFault::TooLarge;
    const Field field{span(begin, colon), span(first, last)};
    fields_[count_++] = field;
    const bool fine = take_framing_field(view(field.name), field.value);
    return fine ? HeadFault::None : HeadFault::Malformed;
}

bool MessageHead::take_framing_field(std::string_view name, Span span) {
    const std::string_view value = view(span);
    switch (name.size()) {
        case 4:
            if (!is_request_ || !equal_ignoring_case(name, "host")) return true;
            if (host_.size > 0 || !is_host(value)) return false;
            host_ = span;
            return true;
        case 6:
            if (is_request_ && equal_ignoring_case(name, "expect")) take_expectation(value);
            return true;
        case 10:
            if (equal_ignoring_case(name, "connection")) take_connection(value);
            return true;
        case 14: {
            if (!equal_ignoring_case(name, "content-length")) return true;
            const auto length = parse_length(value);
            if (!length || (has_length_ && (is_request_ || *length != length_))) return false;
            has_length_ = true;
            length_ = *length;
            return true;
        }
        case 17:
            if (!equal_ignoring_case(name, "transfer-encoding")) return true;
            if (chunked_ || !equal_ignoring_case(value, "chunked")) return false;
            chunked_ = true;
            return true;
        default:
            return true;
    }
}

void MessageHead::take_connection(std::string_view value) {
    has_connection_ = true;
    any_of_list(value, [this](std::string_view member) {
        says_close_ = says_close_ || equal_ignoring_case(member, "close");
        says_keep_alive_ = says_keep_alive_ || equal_ignoring_case(member, "keep-alive");
        return false;
    });
}

void MessageHead::take_expectation(std::string_view value) {
    any_of_list(value, [this](std::string_view member) {
        const bool is_continue = equal_ignoring_case(member, "100-continue");
        expects_continue_ = expects_continue_ || is_continue;
        expects_other_ = expects_other_ || (!is_continue && !member.empty());
        return false;
    });
}

HeadFault MessageHead::check_framing() {
    if (chunked_ && (has_length_ || minor_ == 0)) return HeadFault::Malformed;
    keep_alive_ = !says_close_ && (minor_ == 1 || says_keep_alive_);
    return HeadFault::None;
}

RequestHead::Progress RequestHead::parse(const char* data, size_t size) {
    return parse_lines(data, size, this);
}

void RequestHead::reset() { *this = RequestHead(); }

bool RequestHead::may_begin_with(size_t begin, size_t end) const {
    if (begin < end && base_[begin] == '\r') return begin == 0;  // perhaps an empty line
    const size_t reach = std::min(end, begin + kMethodBytesMax + 1);
    size_t i = begin;
    while (i < reach && kToken[base_[i]]) ++i;
    if (i == begin + kMethodBytesMax + 1) return false;
    return i == end || (i > begin && base_[i] == ' ');
}

HeadFault RequestHead::parse_first_line(size_t begin, size_t end) {
    const std::string_view line(base_ + begin, end - begin);
    size_t method = 0;
    while (method < line.size() && kToken[line[method]]) ++method;
    const size_t space = line.rfind(' ');
    if (method == 0 || method > kMethodBytesMax || method >= space || line[method] != ' ') {
        return HeadFault::Malformed;
    }
    method_ = span(begin, begin + method);
    const HeadFault target = parse_target(begin + method + 1, begin + space);
    const HeadFault version = parse_version(line.substr(space + 1), minor_);
    return version != HeadFault::None ? version : target;
}

HeadFault RequestHead::parse_target(size_t begin, size_t end) {
    const std::string_view target(base_ + begin, end - begin);
    if (!is_target_text(target)) return HeadFault::Malformed;
    target_ = span(begin, end);
    if (target.starts_with('/')) return HeadFault::None;
    if (target == "*") return method() == "OPTIONS" ? HeadFault::None : HeadFault::Malformed;
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!target.starts_with(scheme)) continue;
        const size_t slash = std::min(target.find('/', scheme.size()), target.size());
        authority_ = span(begin + scheme.size(), begin + slash);
        if (!is_host(view(authority_))) break;
        // "http://host" means "http://host/": the slash is borrowed from the scheme.
        target_ = slash < target.size() ? span(begin + slash, end)
                                        : span(begin + scheme.size() - 1, begin + scheme.size());
        return HeadFault::None;
    }
    return HeadFault::Malformed;
}

HeadFault RequestHead::check_whole() {
    if (minor_ == 1 && host_.size == 0) return HeadFault::Malformed;
    if (authority_.size > 0 && host_.size > 0 && !equal_ignoring_case(view(authority_), host())) {
        return HeadFault::Malformed;
    }
    if (minor_ == 0) expects_continue_ = expects_other_ = false;  // RFC 9110, section 10.1.1
    const HeadFault framing = check_framing();
    return framing == HeadFault::None && expects_other_ ? HeadFault::Expectation : framing;
}

std::string_view RequestHead::path() const {
    const std::string_view whole = target();
    return whole.substr(0, whole.find('?'));
}

std::string_view RequestHead::query() const {
    const std::string_view whole = target();
    const size_t mark = whole.find('?');
    return mark == std::string_view::npos ? std::string_view() : whole.substr(mark + 1);
}

ResponseHead::Progress ResponseHead::parse(const char* data, size_t size) {
    return parse_lines(data, size, this);
}

void ResponseHead::reset() { *this = ResponseHead(); }

bool ResponseHead::may_begin_with(size_t begin, size_t end) const {
    constexpr std::string_view kStart = "HTTP/1.";
    const size_t known = std::min(end - begin, kStart.size());
    return std::string_view(base_ + begin, known) == kStart.substr(0, known);
}

HeadFault ResponseHead::parse_first_line(size_t begin, size_t end) {
    const std::string_view line(base_ + begin, end - begin);
    constexpr size_t kShortest = 12;  // "HTTP/1.1 200"
    if (line.size() < kShortest || line[8] != ' ') return HeadFault::Malformed;
    if (parse_version(line.substr(0, 8), minor_) != HeadFault::None) return HeadFault::Malformed;
    for (const char c : line.substr(9, 3)) {
        if (!is_digit(c)) return HeadFault::Malformed;
        status_ = status_ * 10 + (c - '0');
    }
    const std::string_view reason = line.substr(kShortest);
    if (status_ < 100 || !(reason.empty() || reason.starts_with(' ')) || !is_field_text(reason)) {
        return HeadFault::Malformed;
    }
    return HeadFault::None;
}

HeadFault ResponseHead::check_whole() { return check_framing(); }

Error error_of(HeadFault fault) {
    switch (fault) {
        case HeadFault::TooLarge:
            return {.code = ErrorCode::HeadersTooLarge,
                    .message = "The request's headers are over 32 KiB or over 100 in number."};
        case HeadFault::Version:
            return {.code = ErrorCode::HttpVersionNotSupported,
                    .message = "Only HTTP/1.1 and HTTP/1.0 are spoken here."};
        case HeadFault::Expectation:
            return {.code = ErrorCode::ExpectationFailed,
                    .message = "The only expectation that is met here is '100-continue'.",
                    .param = "Expect"};
        default:
            return {.code = ErrorCode::InvalidRequest,
                    .message = "The request is not well-formed HTTP/1.1."};
    }
}

}  // namespace keywarden
