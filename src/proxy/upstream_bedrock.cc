#include "proxy/upstream_bedrock.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <utility>

#include "base/pieces_digest.h"
#include "base/version.h"
#include "providers/bedrock.h"
#include "proxy/translation.h"
#include "proxy/upstream_credential.h"

namespace keywarden {
namespace {

/// AWS refuses what was signed further away than this. Source: AWS, "Troubleshoot Signature Version
/// 4 signing": five minutes, with some more for a few services.
constexpr std::chrono::minutes kClockOffMin(5);
constexpr size_t kErrorTypeMax = 64;

std::unexpected<Error> wrong(std::string_view field, std::string message) {
    return fail(Error{.code = ErrorCode::InvalidRequest,
                      .message = std::move(message),
                      .param = std::string(field)});
}

/// The provider in that region which has the model too.
Result<void> go_to_region(Call* call, std::string_view region) {
    const std::vector<Provider>& providers = call->proxy->parts().providers;
    for (size_t i = 0; i < providers.size(); ++i) {
        if (providers[i].dialect != Dialect::Bedrock || providers[i].region != region) continue;
        const std::string id = fmt::format("{}/{}", providers[i].name, call->model);
        const auto target = call->proxy->catalogue().resolve(id);
        if (!target || target->provider != i) continue;
        call->provider_index = i;
        call->provider = &providers[i];
        if (target->is_listed) {
            call->model = target->id;
            call->request->upstream_model = target->upstream_id;
        }
        return {};
    }
    return wrong("aws_region_name",
                 "No provider of this gateway has that model in the region of 'aws_region_name'.");
}

/// The caller's own keys, as one word; empty where there are none.
Result<Secret> own_keys(const GovernedBody& body) {
    TRY(Secret bearer, body.word(Governed::AwsBearerTokenBedrock));
    if (!bearer.empty()) return bearer;
    TRY(const Secret id, body.word(Governed::AwsAccessKeyId));
    TRY(const Secret secret, body.word(Governed::AwsSecretAccessKey));
    TRY(const Secret token, body.word(Governed::AwsSessionToken));
    if (id.empty() && secret.empty()) return Secret();
    if (id.empty() || secret.empty()) {
        return wrong(id.empty() ? "aws_access_key_id" : "aws_secret_access_key",
                     "The fields 'aws_access_key_id' and 'aws_secret_access_key' belong together.");
    }
    return aws_credential({.access_key_id = id.reveal(),
                           .secret_access_key = secret.reveal(),
                           .session_token = token.reveal()});
}

/// Source: RFC 9110, section 5.6.7, the form that is to be sent.
std::optional<TimePoint> parse_http_date(std::string_view text) {
    std::tm parts{};
    const std::string copy(text);
    const char* const end = strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    if (end == nullptr || *end != '\0') return std::nullopt;
    return TimePoint(std::chrono::seconds(timegm(&parts)));
}

/// " Its clock is 20 minutes ahead of the gateway's." Empty where that cannot be why.
std::string clock_difference(TimePoint now, std::optional<TimePoint> theirs) {
    if (!theirs) return {};
    const Nanos ahead = *theirs - now;
    const auto minutes =
        std::chrono::round<std::chrono::minutes>(ahead < Nanos(0) ? -ahead : ahead);
    if (minutes < kClockOffMin) return {};
    return fmt::format(" Its clock is {} minutes {} the gateway's.",
                       minutes.count(),
                       ahead < Nanos(0) ? "behind" : "ahead of");
}

/// "InvalidSignatureException:http://…" begins with what AWS calls the error.
std::string_view error_type(std::string_view field) {
    const std::string_view type = field.substr(0, field.find(':'));
    const bool is_word = std::ranges::all_of(type, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    });
    return is_word && type.size() <= kErrorTypeMax ? type : std::string_view();
}

}  // namespace

Result<void> take_aws_fields(Call* call) {
    RelayRequest& request = *call->request;
    if (request.form) return {};
    TRY(const Secret region, request.json.word(Governed::AwsRegionName));
    if (!region.empty() && region.reveal() != call->provider->region) {
        TRY_VOID(go_to_region(call, region.reveal()));
    }
    TRY(Secret keys, own_keys(request.json));
    if (!keys.empty()) request.own_key = std::move(keys);
    if (read_aws_credential(request.own_key.reveal())) return {};
    return wrong("api_key", "The keys of AWS in the body are not in the form that they have.");
}

Result<void> write_bedrock_head(Call* call, std::span<const std::string_view> body) {
    const Provider& provider = *call->provider;
    const std::string path =
        bedrock_path(provider, provider_route(*call), call->request->upstream_model);
    Buffer& out = call->request->head;
    out.append("POST ");
    out.append(path);
    out.append(" HTTP/1.1\r\n");
    out.append_field("Host", provider.base.authority());
    out.append("User-Agent: keywarden/");
    out.append(version());
    out.append("\r\nContent-Type: application/json\r\nContent-Length: ");
    size_t size = 0;
    for (const std::string_view piece : body) size += piece.size();
    out.append_number(size);
    out.append("\r\n");
    TRY(const std::string_view credential, reveal_credential(*call));
    if (!credential.empty()) {
        const auto fields = bedrock_credential_fields(
            provider, credential, {.path = path, .body = sha256_of(body), .at = call->loop->now()});
        if (!fields) {
            return fail(ErrorCode::CredentialUnreadable,
                        fmt::format("The credential for the provider '{}' cannot be used: {}",
                                    provider.name,
                                    fields.error().message));
        }
        out.append(fields->reveal());
    }
    out.append("\r\n");
    return {};
}

Result<void> check_aws_refusal(const Call& call) {
    const ResponseHead& head = call.upstream_call().head();
    if (head.status() != 401 && head.status() != 403) return {};
    const std::string_view type = error_type(head.value("x-amzn-errortype"));
    const std::string clocks =
        clock_difference(call.loop->now(), parse_http_date(head.value("date")));
    return fail(ErrorCode::ProviderCredentialsRejected,
                fmt::format("The provider '{}' does not accept this gateway's credential{}{}.{}",
                            call.provider->name,
                            type.empty() ? "" : ": ",
                            type,
                            clocks),
                fmt::format("it answered with status {}", head.status()));
}

}  // namespace keywarden
