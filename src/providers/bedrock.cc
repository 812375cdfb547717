#include "providers/bedrock.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "providers/aws_signature.h"

namespace keywarden {
namespace {

constexpr size_t kRegionMax = 32;
constexpr std::string_view kService = "bedrock";
constexpr std::string_view kModelName = "{id}";

}  // namespace

Result<std::optional<AwsKeys>> read_aws_credential(std::string_view credential) {
    const size_t first = credential.find(':');
    if (first == std::string_view::npos) return std::nullopt;
    AwsKeys keys{.access_key_id = credential.substr(0, first),
                 .secret_access_key = credential.substr(first + 1)};
    bool is_whole = true;
    if (const size_t second = keys.secret_access_key.find(':'); second != std::string_view::npos) {
        keys.session_token = keys.secret_access_key.substr(second + 1);
        keys.secret_access_key = keys.secret_access_key.substr(0, second);
        is_whole = !keys.session_token.empty() && !keys.session_token.contains(':');
    }
    if (is_whole && !keys.access_key_id.empty() && !keys.secret_access_key.empty()) return keys;
    return fail(ErrorCode::InvalidConfig,
                "keys of AWS are written ACCESS_KEY_ID:SECRET_ACCESS_KEY, or with :SESSION_TOKEN "
                "behind them.");
}

Secret aws_credential(const AwsKeys& keys) {
    std::string text = fmt::format("{}:{}", keys.access_key_id, keys.secret_access_key);
    if (!keys.session_token.empty()) text.append(":").append(keys.session_token);
    return Secret(std::move(text));
}

bool is_aws_region(std::string_view text) {
    const auto is_part = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    };
    return !text.empty() && text.size() <= kRegionMax && std::ranges::all_of(text, is_part) &&
           !text.starts_with('-') && !text.ends_with('-');
}

std::string bedrock_url(std::string_view region) {
    const bool is_china = region.starts_with("cn-");
    return fmt::format("https://bedrock-runtime.{}.amazonaws.com{}", region, is_china ? ".cn" : "");
}

std::string bedrock_path(const Provider& provider, std::string_view path, std::string_view model) {
    const size_t at = path.find(kModelName);
    return fmt::format("{}{}{}{}",
                       provider.path_prefix,
                       path.substr(0, at),
                       aws_encoded(model),
                       path.substr(at + kModelName.size()));
}

Result<Secret> bedrock_credential_fields(const Provider& provider,
                                         std::string_view credential,
                                         const BedrockRequest& request) {
    TRY(const std::optional<AwsKeys> keys, read_aws_credential(credential));
    if (!keys) return Secret(fmt::format("Authorization: Bearer {}\r\n", credential));
    const std::string host = provider.base.authority();
    const std::string date = aws_date(request.at);
    const std::array head = {AwsField{"content-type", "application/json"},
                             AwsField{"host", host},
                             AwsField{"x-amz-date", date},
                             AwsField{"x-amz-security-token", keys->session_token}};
    const size_t count = head.size() - (keys->session_token.empty() ? 1 : 0);
    const AwsSignature made = aws_sign({.method = "POST",
                                        .path = request.path,
                                        .head = std::span(head).first(count),
                                        .body = request.body},
                                       {.access_key_id = keys->access_key_id,
                                        .secret_access_key = keys->secret_access_key,
                                        .region = provider.region,
                                        .service = kService,
                                        .at = request.at});
    std::string fields = fmt::format("X-Amz-Date: {}\r\n", date);
    if (!keys->session_token.empty()) {
        fields += fmt::format("X-Amz-Security-Token: {}\r\n", keys->session_token);
    }
    fields += fmt::format("Authorization: {}\r\n", made.authorization);
    return Secret(std::move(fields));
}

}  // namespace keywarden
