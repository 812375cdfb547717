#include "proxy/credential.h"

#include "base/http.h"

namespace keywarden {
namespace {

constexpr std::string_view kBearer = "bearer";
constexpr std::string_view kAwsScheme = "AWS4-HMAC-SHA256";

std::string_view trimmed(std::string_view text) {
    const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

/// Of "Credential=KEY/20261121/eu-central-1/bedrock/aws4_request, SignedHeaders=…": KEY, which may
/// have slashes of its own. Source: AWS Signature Version 4, "Authorization header".
std::string_view access_key_id(std::string_view value) {
    constexpr std::string_view kName = "Credential=";
    constexpr int kScopeParts = 4;
    const size_t at = value.find(kName);
    if (at == std::string_view::npos) return value;
    value.remove_prefix(at + kName.size());
    value = value.substr(0, value.find_first_of(", "));
    for (int i = 0; i < kScopeParts; ++i) value = value.substr(0, value.rfind('/'));
    return value;
}

/// Another scheme is left as it is: it will not be a key.
std::string_view without_scheme(std::string_view value) {
    const std::string_view scheme = value.substr(0, value.find_first_of(" \t"));
    if (scheme == kAwsScheme) return access_key_id(value);
    if (!equal_ignoring_case(scheme, kBearer)) return value;
    return trimmed(value.substr(scheme.size()));
}

/// What a field presents; empty for fields that are no credentials.
std::string_view presented_by(const FieldView& field) {
    switch (field.name.size()) {
        case 13:
            if (!equal_ignoring_case(field.name, "authorization")) return {};
            return without_scheme(trimmed(field.value));
        case 9:
            return equal_ignoring_case(field.name, "x-api-key") ? trimmed(field.value) : "";
        case 7:
            return equal_ignoring_case(field.name, "api-key") ? trimmed(field.value) : "";
        default:
            return {};
    }
}

}  // namespace

Result<std::string_view> find_credential(const MessageHead& head) {
    std::string_view found;
    for (size_t i = 0; i < head.field_count(); ++i) {
        const std::string_view presented = presented_by(head.field(i));
        if (presented.empty()) continue;
        if (!found.empty() && presented != found) {
            return fail(ErrorCode::InvalidRequest,
                        "Two different API keys were sent. Send one, as 'Authorization: Bearer'.");
        }
        found = presented;
    }
    if (found.empty()) {
        return fail(ErrorCode::MissingApiKey,
                    "No API key was sent. Send it as 'Authorization: Bearer YOUR_KEY'.");
    }
    return found;
}

}  // namespace keywarden
