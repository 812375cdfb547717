// A document as an estate: what of it is there already, what is new, and what is wrong with it.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "admin/account_fields.h"
#include "admin/document_entries.h"
#include "admin/document_team.h"
#include "admin/estate_document.h"
#include "admin/grantor.h"
#include "admin/model_name.h"
#include "admin/policy_field.h"
#include "base/id.h"

namespace keywarden {
namespace {

constexpr size_t kIdMax = 64;
constexpr std::array<std::string_view, 1> kPlanOthers = {"id"};
constexpr std::array<std::string_view, 5> kTeamOthers = {"id", "policy", "members", "apps", "keys"};

struct Sections {
    const Json* version = nullptr;
    const Json* providers = nullptr;
    const Json* settings = nullptr;
    const Json* models = nullptr;
    const Json* plans = nullptr;
    const Json* users = nullptr;
    const Json* teams = nullptr;
};

template <auto kMember>
Result<void> keep(const Json& value, Sections& sections) {
    sections.*kMember = &value;
    return {};
}

constexpr std::array kSections = {
    Field<Sections>{"version", keep<&Sections::version>},
    Field<Sections>{"providers", keep<&Sections::providers>},
    Field<Sections>{"settings", keep<&Sections::settings>},
    Field<Sections>{"models", keep<&Sections::models>},
    Field<Sections>{"plans", keep<&Sections::plans>},
    Field<Sections>{"users", keep<&Sections::users>},
    Field<Sections>{"teams", keep<&Sections::teams>},
};

Result<void> check_version(const Json* version) {
    if (version == nullptr || *version == kDocumentVersion) return {};
    return fail_field("version", fmt::format("must be {}", kDocumentVersion));
}

Result<void> check_providers(const Json* list, const EstateContext& context) {
    if (list == nullptr) return {};
    if (!list->is_array()) return fail_field("providers", "must be a list of names");
    std::vector<std::string_view> known;
    if (context.models != nullptr) {
        for (const CatalogueProvider& each : context.models->providers()) {
            known.push_back(each.name);
        }
    }
    for (size_t i = 0; i < list->size(); ++i) {
        const Json& entry = (*list)[i];
        const std::string path = fmt::format("providers[{}]", i);
        if (!entry.is_string()) return fail_field(path, "must be the name of a provider");
        const auto& name = entry.get_ref<const std::string&>();
        if (std::ranges::find(known, name) != known.end()) continue;
        return no_such_name(path, "provider in the gateway's configuration", name, known);
    }
    return {};
}

Result<void> read_settings(const Json& json, Reading& to) {
    if (!json.is_object()) {
        return fail_field("settings", "must be an object with 'policy' and 'key_defaults'");
    }
    InstanceSettings& settings = to.wanted.settings;
    settings = {.version = to.current.settings.version};
    const std::string path = "settings";
    TRY_VOID(at(path, read_fields<InstanceSettings>(json, settings_fields(), settings)));
    return at(path, check_key_defaults(settings.key_defaults, settings.policy, Scope::Instance));
}

/// What a model is called where it has limits: a name that the catalogue knows, or an old one.
Result<std::string> model_named(const std::string& id, const Reading& to) {
    std::vector<std::string_view> known;
    for (const ModelLimits& model : to.current.models) {
        if (model.id == id) return id;
        known.push_back(model.id);
    }
    const Catalogue* const catalogue = to.context.models;
    const auto target = catalogue != nullptr ? catalogue->resolve_model(id) : Result<ModelTarget>();
    if (catalogue == nullptr) return no_such_name("id", "model", id, known);
    if (target) return full_name(*catalogue, target->provider, target->id);
    Error error = target.error();
    error.code = ErrorCode::InvalidRequest;
    error.param = "id";
    return fail(std::move(error));
}

Result<void> read_models(const Json& list, Reading& to) {
    TRY(const auto entries, entries_of(list, "", "models", "id"));
    std::set<std::string> named;
    for (const Entry& entry : entries) {
        ModelLimits model;
        TRY(model.id, at(entry.path, model_named(entry.id, to)));
        if (!named.insert(model.id).second) {
            return at(entry.path, fail_field("id", "is there twice, or means the same as another"));
        }
        TRY_VOID(at(entry.path,
                    read_fields<ModelLimits>(*entry.json, model_fields(), model, kPlanOthers)));
        const auto known = std::ranges::find(to.current.models, model.id, &ModelLimits::id);
        if (known != to.current.models.end()) model.version = known->version;
        put_back(to.wanted.models, std::move(model));
    }
    for (ModelLimits& model : to.wanted.models) {
        if (to.prune && !named.contains(model.id)) model.limits = {};
    }
    return {};
}

template <class T>
std::vector<const T*> pointers(const std::vector<T>& things) {
    std::vector<const T*> out;
    for (const T& thing : things) out.push_back(&thing);
    return out;
}

template <class T>
Result<std::vector<const T*>> match_things(const std::vector<Entry>& entries,
                                           const std::vector<T>& things) {
    return match(
        entries,
        pointers(things),
        [](const T& thing) { return std::string_view(thing.id); },
        [](const T& thing) { return std::string_view(thing.name); });
}

/// A plan keeps within the instance, and what it gives keys within the plan.
Result<void> check_plan(const Plan& plan, const Plan* old, const Reading& to) {
    TRY_VOID(check_under_instance(plan.policy, old != nullptr ? old->policy : Policy(), to));
    return check_key_defaults(plan.key_defaults, plan.policy, Scope::Plan);
}

Result<void> read_plans(const Json& list, Reading& to) {
    TRY(const auto entries, entries_of(list, "", "plans"));
    TRY(const auto found, match_things(entries, to.current.plans));
    std::set<std::string> names;
    for (size_t i = 0; i < entries.size(); ++i) {
        const Entry& entry = entries[i];
        Plan plan{.id = entry.id};
        if (const Plan* const old = found[i]; old != nullptr) {
            plan.id = old->id;
            plan.version = old->version;
        } else {
            TRY_VOID(check_new_id("plan", entry, kIdMax));
        }
        if (plan.id.empty()) plan.id = new_id("plan");
        TRY_VOID(at(entry.path, read_fields<Plan>(*entry.json, plan_fields(), plan, kPlanOthers)));
        TRY_VOID(at(entry.path, check_plan(plan, found[i], to)));
        if (!names.insert(plan.name).second) {
            return at(entry.path, fail_field("name", "is another plan's"));
        }
        put_back(to.wanted.plans, std::move(plan));
    }
    return {};
}

Result<void> read_users(const Json& list, Reading& to) {
    TRY(const auto entries, entries_of(list, "", "users", "email"));
    std::set<std::string> named;
    for (const Entry& entry : entries) {
        User said;
        TRY_VOID(at(entry.path, read_fields<User>(*entry.json, user_document_fields(), said)));
        User& user = user_with(to, said.email);
        if (!named.insert(user.id).second) {
            return at(entry.path, fail_field("email", "is there twice"));
        }
        user.name = std::move(said.name);
    }
    return {};
}

/// A team names its plan by its name, or by its id.
Result<void> resolve_plan(const Json& json, const Reading& to, Team& team) {
    if (!json.contains("plan")) return {};
    std::vector<std::string_view> known;
    for (const Plan& plan : to.wanted.plans) {
        known.push_back(plan.name);
        if (plan.name != team.plan_id && plan.id != team.plan_id) continue;
        team.plan_id = plan.id;
        return {};
    }
    return no_such_name("plan", "plan", team.plan_id, known);
}

Result<void> check_team_policy(const Team& team, const Team* old, const Reading& to) {
    static const Policy kNone;
    const auto policy_of = [](const std::vector<Plan>& plans, std::string_view id) {
        const auto found = std::ranges::find(plans, id, &Plan::id);
        return found == plans.end() ? &kNone : &found->policy;
    };
    const std::string& old_plan = old != nullptr ? old->plan_id : team.plan_id;
    const Policy& old_policy = old != nullptr ? old->policy : kNone;
    const Ceiling of_plan{.now = *policy_of(to.wanted.plans, team.plan_id),
                          .before = *policy_of(to.current.plans, old_plan),
                          .scope = Scope::Plan};
    TRY_VOID(check_under_instance(team.policy, old_policy, to));
    TRY_VOID(check_below(team.policy, old_policy, of_plan));
    const Policy keys{.limits = team.key_defaults};
    const Policy old_keys{.limits = old != nullptr ? old->key_defaults : Limits()};
    TRY_VOID(of_key_defaults(check_under_instance(keys, old_keys, to)));
    TRY_VOID(of_key_defaults(check_below(keys, old_keys, of_plan)));
    return of_key_defaults(check_below(
        keys, old_keys, {.now = team.policy, .before = old_policy, .scope = Scope::Team}));
}

/// The team itself, without what belongs to it.
Result<Team> read_team(const Entry& entry, const Team* old, const Reading& to) {
    Team team{.id = entry.id, .created_at = to.context.now};
    if (old != nullptr) {
        team = {.id = old->id,
                .created_at = old->created_at,
                .state = old->state,
                .version = old->version};
    } else {
        TRY_VOID(check_new_id("team", entry, kIdMax));
    }
    if (team.id.empty()) team.id = new_id("team");
    const Json& json = *entry.json;
    TRY_VOID(at(entry.path, read_fields<Team>(json, team_fields(), team, kTeamOthers)));
    if (json.contains("policy")) {
        TRY_VOID(at(entry.path, read_policy("policy", json.at("policy"), team.policy)));
    }
    TRY_VOID(at(entry.path, resolve_plan(json, to, team)));
    TRY_VOID(at(entry.path, check_team_policy(team, old, to)));
    return team;
}

Result<void> read_teams(const Json& list, Reading& to) {
    TRY(const auto entries, entries_of(list, "", "teams"));
    TRY(const auto found, match_things(entries, to.current.teams));
    for (size_t i = 0; i < entries.size(); ++i) {
        const Entry& entry = entries[i];
        TRY(const Team team, read_team(entry, found[i], to));
        put_back(to.wanted.teams, team);
        TRY_VOID(read_members(*entry.json, entry.path, team, to));
        TRY_VOID(read_apps(*entry.json, entry.path, team, to));
        TRY_VOID(read_keys(*entry.json, entry.path, team, to));
        TRY_VOID(check_app_keys(entry.path, team, to));
    }
    return {};
}

}  // namespace

Result<Estate> estate_of(const Json& document,
                         const Estate& current,
                         const EstateContext& context,
                         bool prune) {
    if (!document.is_object()) {
        return fail_field("document", "must be an object with 'plans', 'users' and 'teams'");
    }
    Sections sections;
    TRY_VOID(read_fields<Sections>(document, kSections, sections));
    TRY_VOID(check_version(sections.version));
    TRY_VOID(check_providers(sections.providers, context));
    Reading to{.current = current, .context = context, .prune = prune, .wanted = current};
    if (sections.settings != nullptr) TRY_VOID(read_settings(*sections.settings, to));
    if (sections.models != nullptr) TRY_VOID(read_models(*sections.models, to));
    if (sections.plans != nullptr) TRY_VOID(read_plans(*sections.plans, to));
    if (sections.users != nullptr) TRY_VOID(read_users(*sections.users, to));
    if (sections.teams != nullptr) TRY_VOID(read_teams(*sections.teams, to));
    return std::move(to.wanted);
}

bool names_team(const Json& document, const Team& team) {
    if (!document.is_object() || !document.contains("teams")) return false;
    const Json& teams = document.at("teams");
    return teams.is_array() && std::ranges::any_of(teams, [&](const Json& entry) {
               const auto says = [&](const char* field, const std::string& text) {
                   return entry.is_object() && entry.contains(field) && entry.at(field) == text;
               };
               return says("name", team.name) || says("id", team.id);
           });
}

}  // namespace keywarden
