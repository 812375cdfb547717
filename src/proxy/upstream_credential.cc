#include "proxy/upstream_credential.h"

#include "domain/retry.h"
#include "store/credential_directory.h"

namespace keywarden {

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

Result<std::string_view> reveal_credential(const Call& call) {
    const RelayRequest& request = *call.request;
    const Provider& provider = *call.provider;
    const Origin& to = call.upstream_call().origin();
    if (!request.own_key.empty()) {
        // The caller means the provider that they name.
        if (provider.origin() == to) return request.own_key.reveal();
        return BoundSecret(Secret(), provider.origin()).reveal_to(to);  // the error
    }
    const HeldCredential* const held = request.credential.get();
    const BoundSecret& chosen = held != nullptr ? held->value : provider.api_key;
    if (chosen.empty()) return std::string_view();
    return chosen.reveal_to(to);
}

Result<void> append_credential(Call& call, Buffer& out) {
    TRY(const std::string_view key, reveal_credential(call));
    if (key.empty()) return {};
    const CredentialField& field = call.provider->credential;
    out.append(field.name);
    out.append(": ");
    out.append(field.before);
    out.append(key);
    out.append("\r\n");
    return {};
}

void note_credential_answer(Call& call) {
    if (call.request->credential == nullptr) return;
    const ResponseHead& head = call.upstream_call().head();
    CredentialDirectory::note_answer(
        *call.request->credential,
        head.status(),
        parse_retry_after(head.value("retry-after")).value_or(Nanos(0)),
        call.proxy->parts().limits.breaker,
        call.loop->mono());
}

bool has_other_credential(const Call& call) {
    const HeldCredential* const now = call.request->credential.get();
    if (now == nullptr) return false;
    const auto other = call.proxy->parts().credentials->choose(
        now->team_id, call.provider->name, call.loop->mono());
    return other && *other != nullptr && (*other)->id != now->id &&
           !(*other)->rests(call.loop->mono());
}

}  // namespace keywarden
