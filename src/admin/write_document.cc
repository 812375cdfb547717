// An estate as a document.
#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "admin/estate_document.h"
#include "admin/key_fields.h"
#include "admin/policy_field.h"
#include "admin/spike_field.h"
#include "base/clock.h"
#include "store/account_rules.h"

namespace keywarden {
namespace {

constexpr std::string_view kDefaultPlanName = "Default";

const std::string& id_of(const HeldKey& held) { return held.key.id; }
const std::string& name_of(const HeldKey& held) { return held.key.name; }
template <class T>
const std::string& id_of(const T& thing) {
    return thing.id;
}
template <class T>
const std::string& name_of(const T& thing) {
    return thing.name;
}

/// Those that `wanted` says, by name.
template <class T, class Wanted>
std::vector<const T*> sorted(const std::vector<T>& things, Wanted wanted) {
    std::vector<const T*> out;
    for (const T& thing : things) {
        if (wanted(thing)) out.push_back(&thing);
    }
    std::ranges::sort(out, {}, [](const T* thing) {
        return std::pair(std::string_view(name_of(*thing)), std::string_view(id_of(*thing)));
    });
    return out;
}

template <class T>
bool is_ambiguous(const std::vector<const T*>& among, std::string_view name) {
    return std::ranges::count(
               among, name, [](const T* thing) -> std::string_view { return name_of(*thing); }) > 1;
}

/// Begins a thing: with its name, and with its id where that is needed to tell it apart.
template <class T>
Json begin(const std::vector<const T*>& among, const T& thing, bool with_id = false) {
    Json out = Json::object();
    if (with_id || is_ambiguous(among, name_of(thing))) out["id"] = id_of(thing);
    out["name"] = name_of(thing);
    return out;
}

template <class T>
const T* find(const std::vector<T>& things, std::string_view id) {
    const auto found = std::ranges::find_if(
        things, [&](const T& thing) { return std::string_view(id_of(thing)) == id; });
    return found == things.end() ? nullptr : &*found;
}

void put_policy(Json& out, const Policy& policy) {
    if (policy != Policy()) out["policy"] = policy_record(policy);
}

template <class T>
void put(Json& out, const char* field, const std::optional<T>& value) {
    if (value) out[field] = *value;
}

void put(Json& out, const char* field, const std::optional<TimePoint>& value) {
    if (value) out[field] = format_iso8601(*value);
}

class Writer {
public:
    Writer(const Estate& estate, const EstateContext& context)
        : estate_(estate), context_(context) {}

    Json write() {
        Json out = {{"version", kDocumentVersion}};
        out["providers"] = providers();
        out["settings"] = settings();
        out["models"] = models();
        out["plans"] = plans();
        out["users"] = users();
        out["teams"] = teams();
        return out;
    }

private:
    Json providers() const {
        std::vector<std::string> out;
        if (context_.models != nullptr) {
            for (const CatalogueProvider& each : context_.models->providers()) {
                out.push_back(each.name);
            }
        }
        std::ranges::sort(out);
        return out;
    }

    Json settings() const {
        Json out = Json::object();
        if (!estate_.settings.key_defaults.empty()) {
            out["key_defaults"] = limits_record(estate_.settings.key_defaults);
        }
        put_policy(out, estate_.settings.policy);
        return out;
    }

    Json models() const {
        std::vector<const ModelLimits*> all;
        for (const ModelLimits& model : estate_.models) {
            if (!model.limits.empty()) all.push_back(&model);
        }
        std::ranges::sort(all, {}, &ModelLimits::id);
        Json out = Json::array();
        for (const ModelLimits* model : all) {
            out.push_back({{"id", model->id}, {"limits", limits_record(model->limits)}});
        }
        return out;
    }

    Json plans() const {
        Json out = Json::array();
        const auto all = sorted(estate_.plans, [](const Plan&) { return true; });
        for (const Plan* plan : all) {
            const bool renamed = plan->id == kDefaultPlanId && plan->name != kDefaultPlanName;
            Json& item = out.emplace_back(begin(all, *plan, renamed));
            put(item, "active_keys_max", plan->active_keys_max);
            put(item, "creations_per_hour_max", plan->creations_per_hour_max);
            if (!plan->key_defaults.empty()) {
                item["key_defaults"] = limits_record(plan->key_defaults);
            }
            put_policy(item, plan->policy);
            if (plan->spikes != SpikeTerms()) item["spikes"] = spikes_record(plan->spikes);
        }
        return out;
    }

    Json users() const {
        std::vector<const User*> all;
        for (const User& user : estate_.users) {
            if (!user.email.empty()) all.push_back(&user);
        }
        std::ranges::sort(all, {}, [](const User* user) { return folded_email(user->email); });
        Json out = Json::array();
        for (const User* user : all) {
            Json& item = out.emplace_back(Json{{"email", user->email}});
            if (!user->name.empty()) item["name"] = user->name;
        }
        return out;
    }

    Json teams() const {
        Json out = Json::array();
        const auto all = sorted(estate_.teams, [](const Team&) { return true; });
        for (const Team* team : all) {
            Json& item = out.emplace_back(begin(all, *team));
            const Plan* plan = find(estate_.plans, team->plan_id);
            item["plan"] = plan != nullptr ? plan->name : team->plan_id;
            if (team->state != TeamState::Active) item["state"] = name(team->state);
            if (!team->key_defaults.empty()) {
                item["key_defaults"] = limits_record(team->key_defaults);
            }
            put_policy(item, team->policy);
            item["members"] = members_of(*team);
            item["apps"] = apps_of(*team);
            item["keys"] = keys_of(*team);
        }
        return out;
    }

    Json members_of(const Team& team) const {
        std::vector<std::pair<std::string, const Member*>> all;
        for (const Member& member : estate_.members) {
            if (member.team_id != team.id || member.email.empty()) continue;
            all.emplace_back(folded_email(member.email), &member);
        }
        std::ranges::sort(all);
        Json out = Json::array();
        for (const auto& [_, member] : all) {
            out.push_back({{"email", member->email}, {"role", name(member->role)}});
        }
        return out;
    }

    Json apps_of(const Team& team) const {
        const auto all =
            sorted(estate_.apps, [&](const App& app) { return app.team_id == team.id; });
        Json out = Json::array();
        for (const App* app : all) put_policy(out.emplace_back(begin(all, *app)), app->policy);
        return out;
    }

    Json keys_of(const Team& team) const {
        const auto all = sorted(estate_.keys, [&](const HeldKey& held) {
            return held.key.team_id == team.id && held.key.status != KeyStatus::Revoked &&
                   !(held.key.expires_at && *held.key.expires_at <= context_.now);
        });
        Json out = Json::array();
        for (const HeldKey* held : all) {
            Json& item = out.emplace_back(begin(all, *held));
            put_place(item, held->key, all);
            put_key(item, *held);
        }
        return out;
    }

    /// What it belongs to.
    void put_place(Json& item, const Key& key, const std::vector<const HeldKey*>& all) const {
        if (const App* app = find(estate_.apps, key.app_id)) item["app"] = app->name;
        const User* user = find(estate_.users, key.user_id);
        if (user != nullptr && !user->email.empty()) {
            item["user"] = user->email;
        } else if (!key.user_id.empty()) {
            item["user"] = key.user_id == context_.operator_id ? "operator" : key.user_id;
        }
        if (key.maker_key_id.empty()) return;
        const auto maker = std::ranges::find(
            all, key.maker_key_id, [](const HeldKey* held) { return held->key.id; });
        const bool by_name = maker != all.end() && !is_ambiguous(all, name_of(**maker));
        item["maker"] = by_name ? name_of(**maker) : key.maker_key_id;
    }

    static void put_key(Json& item, const HeldKey& held) {
        const Key& key = held.key;
        if (!key.description.empty()) item["description"] = key.description;
        if (key.status != KeyStatus::Active) item["status"] = name(key.status);
        if (key.kind != KeyKind::Full) item["kind"] = name(key.kind);
        put(item, "not_before", key.not_before);
        put(item, "expires_at", key.expires_at);
        if (key.rotate_every) item["rotate_every"] = duration_text(*key.rotate_every);
        put(item, "rate_limit_rpm", key.rate_limit_rpm);
        put_policy(item, key.policy);
        for (const auto& [name, value] : key.metadata) item["metadata"][name] = value;
        if (!key.tags.empty()) item["tags"] = key.tags;
        if (!held.format.empty()) item["format"] = held.format;
        if (held.test) item["environment"] = "test";
    }

    const Estate& estate_;
    const EstateContext& context_;
};

}  // namespace

Json document_of(const Estate& estate, const EstateContext& context) {
    return Writer(estate, context).write();
}

}  // namespace keywarden
