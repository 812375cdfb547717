// The head of an HTTP/1.1 message: a strict parser whose results are views into the caller's bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "net/task.h"

namespace keywarden {

inline constexpr size_t kHeadBytesMax = 32'768;
inline constexpr size_t kHeadFieldsMax = 100;

struct FieldView {
    std::string_view name;   // as sent; compare with equal_ignoring_case
    std::string_view value;  // without the spaces around it
};

/// No control byte but TAB: fit to be the value of a field. Source: RFC 9110, section 5.5.
bool is_field_text(std::string_view text);

/// What may be wrong with a head.
enum class HeadFault : uint8_t {
    None,
    Malformed,
    TooLarge,
    Version,      // HTTP, but neither 1.0 nor 1.1
    Expectation,  // an Expect other than 100-continue
};

/// The fields of a message, and what they say about its framing. Views are made from offsets, so
/// they stay right when the bytes move, once `rebase` has been told.
class MessageHead : public Pooled {
public:
    enum class Progress : uint8_t { More, Done, Bad };

    size_t field_count() const { return count_; }
    FieldView field(size_t index) const;
    /// The value of the first field of that name, or nothing.
    std::string_view value(std::string_view name) const;
    /// How many fields have that name.
    size_t count(std::string_view name) const;

    /// How many bytes the head has, the empty line included. After Done.
    size_t size() const { return consumed_; }
    HeadFault fault() const { return fault_; }
    /// 0 for HTTP/1.0, 1 for HTTP/1.1.
    int minor_version() const { return minor_; }
    bool chunked() const { return chunked_; }
    std::optional<uint64_t> content_length() const {
        return has_length_ ? std::optional(length_) : std::nullopt;
    }
    /// What the version and the Connection fields say about using the connection again.
    bool keep_alive() const { return keep_alive_; }
    /// Whether a Connection field names this field: such a field is for one hop only.
    bool named_in_connection(std::string_view name) const {
        return has_connection_ && connection_names(name);
    }

    /// The bytes given to `parse` now begin at `data`.
    void rebase(const char* data) { base_ = data; }

protected:
    explicit MessageHead(bool is_request) : is_request_(is_request) {}

    struct Span {
        uint16_t begin = 0;
        uint16_t size = 0;
    };
    struct Field {
        Span name;
        Span value;
    };
    static_assert(kHeadBytesMax <= UINT16_MAX);

    static Span span(size_t begin, size_t end) {
        return {static_cast<uint16_t>(begin), static_cast<uint16_t>(end - begin)};
    }

    /// Goes on with the lines of [data, data + size), of which an earlier call may have seen the
    /// front. `parser` is the heir: it knows the first line, and what the whole must be.
    template <class Parser>
    Progress parse_lines(const char* data, size_t size, Parser* parser);
    Progress fail(HeadFault fault);
    HeadFault parse_field(size_t begin, size_t end);
    /// False when the field makes the framing doubtful.
    bool take_framing_field(std::string_view name, Span span);
    void take_connection(std::string_view value);
    bool connection_names(std::string_view name) const;
    void take_expectation(std::string_view value);
    HeadFault check_framing();
    std::string_view view(Span span) const { return {base_ + span.begin, span.size}; }

    const char* base_ = nullptr;
    size_t consumed_ = 0;  // whole lines that were read
    size_t scanned_ = 0;   // no end of line before this
    uint64_t length_ = 0;
    uint8_t count_ = 0;
    uint8_t lines_ = 0;
    int8_t minor_ = 1;
    bool is_request_;
    bool has_length_ = false;
    bool chunked_ = false;
    bool keep_alive_ = true;
    bool has_connection_ = false;
    bool says_close_ = false;
    bool says_keep_alive_ = false;
    bool expects_continue_ = false;
    bool expects_other_ = false;
    HeadFault fault_ = HeadFault::None;
    Span host_{};
    std::array<Field, kHeadFieldsMax> fields_;
};

/// The head of a request.
/// Refuses whatever two implementations could read in two ways: folded lines, bare LF or CR, a
/// space before the colon, control bytes, more than one Content-Length, Content-Length beside
/// Transfer-Encoding, a Transfer-Encoding other than exactly `chunked` or under HTTP/1.0, no Host
/// or two of them under 1.1, a Host that is not one, a target that is neither `/…`, `*` with
/// OPTIONS, nor `http(s)://` with the authority that Host names. One empty line before it is passed
/// over. Source: RFC 9112, RFC 9110.
class RequestHead final : public MessageHead {
public:
    RequestHead() : MessageHead(true) {}
    /// Reads on. `data` holds the head's bytes from its first one, and at each call at least as
    /// many as before. The same bytes cut in any way give the same result.
    Progress parse(const char* data, size_t size);
    /// Makes it as new.
    void reset();

    std::string_view method() const { return view(method_); }
    /// The target as sent, but for the origin of an absolute one: starts with '/', or is "*".
    std::string_view target() const { return view(target_); }
    std::string_view path() const;   // of the target, not decoded, without the query
    std::string_view query() const;  // what follows the first '?', or nothing
    std::string_view host() const { return view(host_); }
    bool expects_continue() const { return expects_continue_; }
    bool has_body() const { return chunked_ || length_ > 0; }

private:
    friend MessageHead;
    /// Whether a first line may begin with these bytes, which have no end of line yet.
    bool may_begin_with(size_t begin, size_t end) const;
    HeadFault parse_first_line(size_t begin, size_t end);
    HeadFault parse_target(size_t begin, size_t end);
    HeadFault check_whole();

    Span method_{};
    Span target_{};
    Span authority_{};  // of an absolute target
};

/// The head of an answer. A second Content-Length is taken when it says the same number.
class ResponseHead final : public MessageHead {
public:
    ResponseHead() : MessageHead(false) {}
    Progress parse(const char* data, size_t size);
    void reset();

    int status() const { return status_; }
    /// 1xx (but 101), which another head follows.
    bool is_interim() const { return status_ < 200 && status_ != 101; }

private:
    friend MessageHead;
    bool may_begin_with(size_t begin, size_t end) const;
    HeadFault parse_first_line(size_t begin, size_t end);
    HeadFault check_whole();

    int status_ = 0;
};

/// What to tell the peer about a head that is not one.
Error error_of(HeadFault fault);

}  // namespace keywarden
