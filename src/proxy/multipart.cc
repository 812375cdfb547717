#include "proxy/multipart.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/http.h"
#include "proxy/governed.h"

namespace keywarden {
namespace {

std::unexpected<Error> malformed(std::string what) {
    return fail(ErrorCode::InvalidRequest, "The form is malformed: " + std::move(what) + ".");
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

bool is_boundary_char(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && std::strchr("'()+_,-./:=? ", c) != nullptr);
}

constexpr std::string_view kModel = "model";

/// Whether a Content-Disposition names a file, in one form (`filename`) or the other (`filename*`).
bool has_file_name(std::string_view disposition) {
    constexpr std::string_view kName = "filename";
    for (size_t i = 0; i + kName.size() < disposition.size(); ++i) {
        if (!equal_ignoring_case(disposition.substr(i, kName.size()), kName)) continue;
        const char next = disposition[i + kName.size()];
        if (next == '=' || next == '*' || next == ' ') return true;
    }
    return false;
}

/// A quoted string or a token at the front of `text`, which moves behind it.
Result<std::string> take_value(std::string_view& text) {
    std::string value;
    if (!text.starts_with('"')) {
        const size_t end = std::min(text.find(';'), text.size());
        value = trimmed(text.substr(0, end));
        text.remove_prefix(end);
        return value;
    }
    for (size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') {
            text = trimmed(text.substr(i + 1));
            return value;
        }
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        value += text[i];
    }
    return malformed("a quoted value is not closed");
}

}  // namespace

Result<std::optional<std::string>> header_parameter(std::string_view value, std::string_view name) {
    std::optional<std::string> found;
    size_t at = std::min(value.find(';'), value.size());
    std::string_view rest = value.substr(at);
    while (!rest.empty()) {
        if (rest.front() != ';') return malformed("a ';' is expected between parameters");
        rest = trimmed(rest.substr(1));
        if (rest.empty()) break;
        at = rest.find('=');
        if (at == std::string_view::npos) return malformed("a parameter has no value");
        const std::string_view key = trimmed(rest.substr(0, at));
        rest = trimmed(rest.substr(at + 1));
        TRY(std::string text, take_value(rest));
        if (key.ends_with('*') && equal_ignoring_case(key.substr(0, key.size() - 1), name)) {
            return malformed("'" + std::string(name) + "*' is not supported");
        }
        if (!equal_ignoring_case(key, name)) continue;
        if (found) return malformed("'" + std::string(name) + "' is given twice");
        found = std::move(text);
    }
    return found;
}

MultipartScanner::MultipartScanner(std::string_view boundary) : delimiter_("\r\n--") {
    delimiter_ += boundary;
}

Result<MultipartScanner> MultipartScanner::open(std::string_view content_type) {
    const std::string_view type =
        trimmed(content_type.substr(0, std::min(content_type.find(';'), content_type.size())));
    const auto unsupported = [] {
        return fail(ErrorCode::UnsupportedMediaType,
                    "The body must be multipart/form-data, with a boundary.");
    };
    if (!equal_ignoring_case(type, "multipart/form-data")) return unsupported();
    const auto boundary = header_parameter(content_type, "boundary");
    if (!boundary) return unsupported();
    const std::string text = boundary->value_or("");
    if (text.empty() || text.size() > kBoundaryMax || text.back() == ' ' ||
        !std::ranges::all_of(text, is_boundary_char)) {
        return unsupported();
    }
    return MultipartScanner(text);
}

Result<void> MultipartScanner::feed(std::string_view bytes) {
    for (size_t i = 0; i < bytes.size();) {
        if (state_ == State::End) break;
        if (state_ == State::Content && matched_ == 0) {  // the bulk: skip to the next CR
            const size_t next = std::min(bytes.find('\r', i), bytes.size());
            offset_ += next - i;
            i = next;
            if (i == bytes.size()) break;
        }
        TRY_VOID(step(bytes[i]));
        ++i;
        ++offset_;
    }
    return {};
}

Result<void> MultipartScanner::step(char c) {
    switch (state_) {
        case State::Content:
            // CR stands only at the front of the delimiter, so a failed match can only start anew.
            if (c != delimiter_[matched_]) {
                matched_ = c == '\r' ? 1 : 0;
                return {};
            }
            if (++matched_ < delimiter_.size()) return {};
            if (in_part_ && offset_ + 1 < content_begin_ + delimiter_.size()) {
                return malformed("a part has no end of line before its boundary");
            }
            end_part();
            matched_ = 0;
            head_.clear();
            state_ = State::AfterDelimiter;
            return {};
        case State::AfterDelimiter:
            head_ += c;
            if (head_ == "\r\n") {
                state_ = State::Head;
            } else if (head_ == "--") {
                state_ = State::End;
            } else if (head_.size() >= 2) {
                return malformed("a boundary must end its line");
            }
            return {};
        case State::Head:
            head_ += c;
            if (head_.size() > kPartHeadMax) return malformed("a part's head is too long");
            return head_.ends_with("\r\n\r\n") ? begin_part() : Result<void>();
        case State::End:
            return {};
    }
    std::unreachable();
}

bool MultipartScanner::settled() const {
    return model_ && field_.empty() && (file_after_model_ || offset_ > model_->end + kFieldsMax);
}

/// At the end of a boundary: what stood before it is complete.
void MultipartScanner::end_part() {
    const uint64_t hyphens =
        offset_ + 3 - delimiter_.size();  // the CRLF before them may be missing
    if (!field_.empty()) {
        const Range value{content_begin_, hyphens - 2};
        if (field_ == kModel) {
            model_ = value;
        } else {
            credentials_.push_back({field_, {part_begin_, hyphens}, value});
        }
    }
    field_ = {};
    part_begin_ = hyphens;
}

bool MultipartScanner::has_credential(std::string_view name) const {
    return std::ranges::find(credentials_, name, &Credential::name) != credentials_.end();
}

/// Checks that the part may be `field_`.
Result<void> MultipartScanner::begin_field(std::string_view name) {
    const auto refuse = [this](std::string_view what) {
        return fail(Error{.code = ErrorCode::InvalidRequest,
                          .message = "The field '" + std::string(field_) + "' " + std::string(what),
                          .param = std::string(field_)});
    };
    if (name != field_) return refuse("must be written so, not in another case.");
    const bool is_model = field_ == kModel;
    if (is_model ? saw_model_ : has_credential(field_)) {
        return refuse("is given twice.");
    }
    if (is_model) {
        saw_model_ = true;
    } else if (file_after_model_ || (model_ && offset_ > model_->end + kFieldsMax)) {
        return refuse("must come before the form's files.");
    }
    return {};
}

Result<void> MultipartScanner::begin_part() {
    // head_ begins with the CRLF of the delimiter's line.
    std::optional<std::string> part_name;
    bool has_disposition = false;
    bool is_file = false;
    std::string_view rest = std::string_view(head_).substr(2);
    while (rest != "\r\n" && !rest.empty()) {
        const size_t end = rest.find("\r\n");
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end + 2);
        const size_t colon = line.find(':');
        if (colon == std::string_view::npos || line.front() == ' ' || line.front() == '\t') {
            return malformed("a part's head has a line that is no field");
        }
        if (!equal_ignoring_case(trimmed(line.substr(0, colon)), "content-disposition")) continue;
        if (has_disposition) return malformed("a part has two Content-Disposition");
        has_disposition = true;
        TRY(part_name, header_parameter(line.substr(colon + 1), "name"));
        is_file = has_file_name(line);
    }
    const std::string_view name = part_name ? std::string_view(*part_name) : std::string_view();
    field_ = ruled_form_field(name);
    if (!field_.empty()) TRY_VOID(begin_field(name));
    file_after_model_ = file_after_model_ || (is_file && model_);
    in_part_ = true;
    content_begin_ = offset_ + 1;
    matched_ = 2;  // some readers would see a boundary here: it is refused above
    state_ = State::Content;
    return {};
}

}  // namespace keywarden
