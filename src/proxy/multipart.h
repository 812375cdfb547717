// Finds the fields of a multipart form that we rule on, as its bytes pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace keywarden {

/// Follows one form through every byte, so that a second `model` behind the first is seen too: two
/// readers of one form must not find two models. A caller's own credential for the provider is
/// taken while the form is held back, to be left out; one that comes later is refused. Source: RFC
/// 7578, RFC 2046 section 5.1.
class MultipartScanner {
public:
    static constexpr size_t kPartHeadMax = 4'096;
    static constexpr size_t kBoundaryMax = 70;
    static constexpr size_t kFieldsMax = 65'536;  // behind the model, that credentials may stand in

    /// Errors: UnsupportedMediaType when it is not multipart/form-data with a boundary.
    static Result<MultipartScanner> open(std::string_view content_type);

    struct Range {
        uint64_t begin;
        uint64_t end;
    };

    /// Takes the next bytes.
    /// Errors: InvalidRequest for a form that is malformed, has one of our fields twice or in
    /// another case, or a credential once the form is settled: it would be passed on. Its value has
    /// not been taken then.
    Result<void> feed(std::string_view bytes);

    /// Where the model's value stands, counted from the form's first byte; once it is complete.
    const std::optional<Range>& model() const { return model_; }
    struct Credential {
        std::string_view name;  // as in governed.h
        Range part;             // all of it, to be left out
        Range value;
    };
    /// Those that are complete, in their order.
    const std::vector<Credential>& credentials() const { return credentials_; }
    /// Whether no credential can come any more: the model has, and then a file or kFieldsMax bytes.
    /// The same wherever the bytes are cut.
    bool settled() const;
    /// Whether the closing boundary has come.
    bool complete() const { return state_ == State::End; }

private:
    enum class State : uint8_t { Content, AfterDelimiter, Head, End };

    explicit MultipartScanner(std::string_view boundary);

    Result<void> step(char c);
    Result<void> begin_part();
    Result<void> begin_field(std::string_view name);
    void end_part();
    bool has_credential(std::string_view name) const;

    std::string delimiter_;  // CRLF, two hyphens, the boundary
    State state_ = State::Content;
    size_t matched_ = 2;      // of the delimiter: the form begins as if behind a CRLF
    uint64_t offset_ = 0;     // of the byte in hand
    std::string head_;        // of the part, or what follows a delimiter
    std::string_view field_;  // of ours, that the part is; empty: another
    bool saw_model_ = false;
    bool in_part_ = false;
    bool file_after_model_ = false;
    uint64_t part_begin_ = 0;     // its boundary's hyphens
    uint64_t content_begin_ = 0;  // of the part
    std::optional<Range> model_;
    std::vector<Credential> credentials_;
};

/// The value of a parameter such as `name` or `boundary` behind a header's first `;`, unquoted.
/// Nothing when it is not there; an error when it is there twice or malformed, or comes in the
/// extended form (`name*`), which not everybody reads alike.
Result<std::optional<std::string>> header_parameter(std::string_view value, std::string_view name);

}  // namespace keywarden
