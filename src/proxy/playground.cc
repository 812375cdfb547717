#include "proxy/playground.h"

#include <string>
#include <utility>

#include "domain/role.h"
#include "domain/scope.h"
#include "net/blocking_pool.h"
#include "proxy/session.h"

namespace keywarden {
namespace {

/// Whether the person reaches every key of the team, or theirs alone. Requires: may_person_come.
bool reaches_all_keys(const Call& call, const Caller& person) {
    if (person.is_operator) return true;
    PolicyDirectory& policies = call.proxy->parts().keys->policies();
    const KeyPlace* const place = policies.find_member(person.team_id, person.user_id);
    if (place == nullptr) return false;
    const std::optional<Role> role = policies.read_member(*place).maker();
    return role && reach(*role, Permission::Playground) == Reach::Team;
}

/// What is asked of the store. Views: of the call, which waits.
struct WantedKey {
    KeyDirectory* keys;
    std::string_view team_id;
    std::string_view key_id;
    std::string_view owner;  // empty: whoever's
    TimePoint now;
};

Result<Caller> find_key(const WantedKey& wanted) {
    TRY(const Key key,
        wanted.keys->store().get_key(std::string(wanted.team_id), std::string(wanted.key_id)));
    if (!wanted.owner.empty() && key.user_id != wanted.owner) {
        return fail(
            denied(ErrorCode::TeamAccessDenied,
                   Scope::Team,
                   "Your role in the team may only use keys of your own, and this is another's."));
    }
    TRY(PresentedKey found, wanted.keys->look_at(key, wanted.now));
    TRY_VOID(std::move(found.usable));
    return found.caller;
}

}  // namespace

bool is_playground(const Call& call) {
    return call.facts->needs.permission == Permission::Playground;
}

Task<Result<void>> act_as_key(Call* call) {
    CO_TRY_VOID(may_person_come(call));
    // NOLINTNEXTLINE(bugprone-unchecked-optional-access): see Requires
    const Caller person = *call->caller;
    const WantedKey wanted{
        .keys = call->proxy->parts().keys,
        .team_id = person.team_id,
        .key_id = call->values.front(),
        .owner = reaches_all_keys(*call, person) ? std::string_view() : person.user_id,
        .now = call->loop->now()};
    CO_TRY(const Caller caller, co_await call->proxy->parts().blocking->run(call->loop, [&] {
        return find_key(wanted);
    }));
    call->caller = caller;
    call->session.reset();
    call->values.clear();
    call->route = endpoint_row(call->endpoint->acts_as);
    call->facts = &call->proxy->facts(call->route);
    call->endpoint = call->proxy->endpoint(call->route);
    co_return Result<void>();
}

}  // namespace keywarden
