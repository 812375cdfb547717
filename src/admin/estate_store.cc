#include "admin/estate_store.h"

#include <fmt/format.h>
#include <string>
#include <utility>
#include <variant>

#include "admin/sign_ins.h"
#include "store/load_policies.h"

namespace keywarden {
namespace {

constexpr size_t kAtOnce = 100;

template <class T, class List>
Result<std::vector<T>> all_pages(List list) {
    std::vector<T> out;
    PageQuery query{.limit = kAtOnce};
    do {
        TRY(auto page, list(query));
        for (T& item : page.items) out.push_back(std::move(item));
        query.after = page.next;
    } while (!query.after.empty());
    return out;
}

HeldKey held(Key key, const KeyDirectory& keys) {
    HeldKey out;
    if (!key.secrets.empty()) {
        const KeySecret& newest = key.secrets.front();
        const KeyFormat* const format = keys.formats().find(newest.format);
        if (newest.format != keys.defaults().format) out.format = newest.format;
        out.test = format != nullptr && KeyFormats::is_test(*format, newest.display);
    }
    out.key = std::move(key);
    return out;
}

Result<void> read_keys_of(AdminContext& context, const std::string& team_id, Estate& estate) {
    KeyQuery query{.team_id = team_id, .limit = kAtOnce};
    do {
        TRY(auto page, context.keys.store().list_keys(query));
        for (Key& key : page.keys) {
            if (key.status == KeyStatus::Revoked) continue;
            estate.keys.push_back(held(std::move(key), context.keys));
        }
        if (estate.keys.size() > kEstateKeysMax) {
            return fail(ErrorCode::InvalidRequest,
                        fmt::format("These are more than {} API keys: name fewer teams at a time.",
                                    kEstateKeysMax));
        }
        query.after = page.next;
    } while (!query.after.empty());
    return {};
}

/// The changes one by one, each with its row of the audit log.
class Steps {
public:
    Steps(AdminContext& context, KeyBatch& batch, const ChangedBy& by)
        : accounts_(context.keys.store().accounts()),
          batch_(batch),
          by_(by),
          now_(context.clock.now()) {}

    Result<void> take(const Change<InstanceSettings>& change) {
        return accounts_.update_instance(next(change),
                                         entry(change, kInstanceTenant, "settings", "instance"));
    }
    Result<void> take(const Change<ModelLimits>& change) {
        ModelLimits model = change.will_be();
        model.version = change.before ? change.was().version + 1 : 1;
        AuditEntry audit = entry(change, kInstanceTenant, "model", model.id);
        audit.action = "model.update";
        return accounts_.put_model(model, audit);
    }
    Result<void> take(const Change<Plan>& change) {
        const AuditEntry audit = entry(change, kInstanceTenant, "plan", change.will_be().id);
        if (!change.before) return accounts_.create_plan(change.will_be(), audit);
        return accounts_.update_plan(next(change), audit);
    }
    Result<void> take(const Change<User>& change) {
        const AuditEntry audit = entry(change, kInstanceTenant, "user", change.will_be().id);
        if (!change.before) return accounts_.create_user(change.will_be(), audit);
        return accounts_.update_user(change.will_be(), audit);
    }
    Result<void> take(const Change<Team>& change) {
        const AuditEntry audit = entry(change, change.will_be().id, "team", change.will_be().id);
        if (!change.before) return accounts_.create_team(change.will_be(), audit);
        return accounts_.update_team(next(change), audit);
    }
    Result<void> take(const Change<App>& change) {
        const App& app = change.newest();
        const AuditEntry audit = entry(change, app.team_id, "app", app.id);
        if (!change.after) return accounts_.delete_app(app.team_id, app.id, audit);
        if (!change.before) return accounts_.create_app(app, audit);
        return accounts_.update_app(next(change), audit);
    }
    Result<void> take(const Change<Member>& change) {
        const Member& member = change.newest();
        AuditEntry audit = entry(change, member.team_id, "member", member.user_id);
        audit.target.type = "user";
        if (!change.before) audit.action = "member.add";
        if (!change.after) audit.action = "member.remove";
        if (change.after) return accounts_.put_member(member, audit);
        return accounts_.delete_member(member.team_id, member.user_id, audit);
    }
    Result<void> take(const Change<HeldKey>& change) {
        if (!change.before) {
            const HeldKey& wanted = change.will_be();
            TRY(MintedKey made, batch_.create(wanted.key, wanted.format, wanted.test, by_));
            made_.push_back(std::move(made));
            return {};
        }
        const Key& old = change.was().key;
        const auto alter = [&](Key& key) -> Result<void> {
            if (change.after) {
                key = change.will_be().key;
            } else {
                key.status = KeyStatus::Revoked;
            }
            return {};
        };
        TRY_VOID(batch_.change(old.team_id, old.id, alter, by_));
        return {};
    }

    std::vector<MintedKey> take_made() { return std::move(made_); }

private:
    template <class T>
    static T next(const Change<T>& change) {
        T out = change.will_be();
        out.version = change.was().version + 1;
        return out;
    }

    template <class T>
    AuditEntry entry(const Change<T>& change,
                     std::string tenant,
                     const char* type,
                     std::string id) const {
        const char* const action = !change.before  ? ".create"
                                   : !change.after ? ".delete"
                                                   : ".update";
        AuditEntry audit = audit_entry(
            by_, std::move(tenant), std::string(type) + action, {type, std::move(id)}, now_);
        audit.diff = fields_of(change);
        return audit;
    }

    AccountStore& accounts_;
    KeyBatch& batch_;
    const ChangedBy& by_;
    const TimePoint now_;
    std::vector<MintedKey> made_;
};

template <class T>
int64_t stored_version(const Change<T>& change) {
    return change.before ? change.was().version + 1 : 1;
}

template <class T>
void put_rules(AdminContext& context, const Change<T>& change) {
    if constexpr (std::is_same_v<T, InstanceSettings>) {
        InstanceRules rules = rules_of(change.will_be(), context.keys.defaults().rate_limit_rpm);
        rules.version = stored_version(change);
        context.keys.policies().put(rules);
    } else if constexpr (std::is_same_v<T, Member>) {
        const Member& member = change.newest();
        MemberRole role{.team_id = member.team_id, .user_id = member.user_id, .role = {}};
        if (change.after) role.role = member.role;
        const bool is_other = change.before && (!change.after || change.was().role != member.role);
        // Sessions that cannot be taken out of the store were taken out of memory.
        [[maybe_unused]] const Result<void> done = put_role(context, role, is_other);
    } else if constexpr (requires { rules_of(change.will_be()); }) {
        if (!change.after) return;
        auto rules = rules_of(change.will_be());
        rules.version = stored_version(change);
        context.keys.policies().put(rules);
    }
}

}  // namespace

Result<Estate> read_estate(AdminContext& context, const std::function<bool(const Team&)>& wanted) {
    AccountStore& accounts = context.keys.store().accounts();
    Estate estate;
    TRY(estate.settings, accounts.get_instance());
    TRY(estate.models, accounts.list_models());
    TRY(estate.plans, accounts.list_plans());
    TRY(estate.users,
        all_pages<User>([&](const PageQuery& query) { return accounts.list_users(query); }));
    TRY(estate.teams,
        all_pages<Team>([&](const PageQuery& query) { return accounts.list_teams(query); }));
    std::erase_if(estate.teams, [](const Team& team) { return team.state == TeamState::Closed; });
    for (const Team& team : estate.teams) {
        if (!wanted(team)) continue;
        TRY(auto apps, accounts.list_apps(team.id));
        TRY(auto members, accounts.list_members(team.id));
        for (App& app : apps) estate.apps.push_back(std::move(app));
        for (Member& member : members) estate.members.push_back(std::move(member));
        TRY_VOID(read_keys_of(context, team.id, estate));
    }
    return estate;
}

Result<std::vector<MintedKey>> write_changes(AdminContext& context,
                                             KeyBatch& batch,
                                             const std::vector<EstateChange>& changes,
                                             const ChangedBy& by) {
    Steps steps(context, batch, by);
    for (const EstateChange& change : changes) {
        TRY_VOID(std::visit([&](const auto& each) { return steps.take(each); }, change));
    }
    return steps.take_made();
}

void put_in_force(AdminContext& context, const std::vector<EstateChange>& changes) {
    for (const EstateChange& change : changes) {
        std::visit([&](const auto& each) { put_rules(context, each); }, change);
    }
}

}  // namespace keywarden
