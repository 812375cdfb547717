#include "proxy/upstream_credential.h"

#include <algorithm>
#include <charconv>

#include "store/credential_directory.h"

namespace keywarden {
namespace {

/// In seconds, as a number; a date is not read.
Nanos retry_after(std::string_view value) {
    int64_t seconds = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    const bool is_number = error == std::errc() && end == value.data() + value.size();
    constexpr int64_t kMost = kCredentialCooldownMax / std::chrono::seconds(1);
    return is_number ? std::chrono::seconds(std::clamp<int64_t>(seconds, 0, kMost)) : Nanos(0);
}

/// In the field that the provider's dialect has for it.
Result<void> append(const Call& call,
                    const BoundSecret& credential,
                    const Origin& to,
                    Buffer& out) {
    if (credential.empty()) return {};
    TRY(const std::string_view key, credential.reveal_to(to));
    const CredentialField field = credential_field(call.provider->dialect);
    out.append(field.name);
    out.append(": ");
    out.append(field.before);
    out.append(key);
    out.append("\r\n");
    return {};
}

}  // namespace

Result<void> choose_credential(Call* call) {
    const CredentialDirectory* const directory = call->proxy->parts().credentials;
    if (directory == nullptr || !call->request->own_key.empty()) return {};
    const std::string_view team = call->caller ? call->caller->team_id : std::string_view();
    TRY(call->request->credential,
        directory->choose(team, call->provider->name, call->loop->mono()));
    if (call->request->credential == nullptr) return {};
    TRY_VOID(call->request->credential->value.reveal_to(call->upstream_call().origin()));
    return {};
}

Result<void> append_credential(Call& call, Buffer& out) {
    const Origin& to = call.upstream_call().origin();
    const RelayRequest& request = *call.request;
    if (!request.own_key.empty()) {
        // The caller means the provider that they name.
        return append(call, {request.own_key.clone(), call.provider->origin()}, to, out);
    }
    if (request.credential != nullptr) return append(call, request.credential->value, to, out);
    return append(call, call.provider->api_key, to, out);
}

void note_credential_answer(Call& call) {
    if (call.request->credential == nullptr) return;
    const ResponseHead& head = call.upstream_call().head();
    CredentialDirectory::note_answer(*call.request->credential,
                                     head.status(),
                                     retry_after(head.value("retry-after")),
                                     call.loop->mono());
}

}  // namespace keywarden
