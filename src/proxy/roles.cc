#include "proxy/roles.h"

#include <algorithm>

namespace keywarden {
namespace {

constexpr int kMessageDepth = 2;

}  // namespace

std::string_view DeveloperRoles::string() {
    const size_t begin = at_++;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    at_ = std::min(at_ + 1, text_.size());
    return text_.substr(begin, at_ - begin);
}

std::optional<ByteRange> DeveloperRoles::next() {
    while (at_ < text_.size()) {
        const char c = text_[at_];
        if (c == '"') {
            const std::string_view text = string();
            if (depth_ != kMessageDepth) continue;
            if (!is_value_) {
                is_role_ = text == R"("role")";
            } else if (is_role_ && text == R"("developer")") {
                return ByteRange{static_cast<uint32_t>(at_ - text.size()),
                                 static_cast<uint32_t>(at_)};
            }
            continue;
        }
        if (c == '[' || c == '{') ++depth_;
        if (c == ']' || c == '}') --depth_;
        if (depth_ == kMessageDepth && c == ':') is_value_ = true;
        if (depth_ == kMessageDepth && (c == ',' || c == '{')) is_value_ = false;
        ++at_;
    }
    return std::nullopt;
}

}  // namespace keywarden
