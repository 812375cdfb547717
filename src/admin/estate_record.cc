#include "admin/estate_record.h"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>
#include <utility>
#include <variant>

#include "base/crypto.h"

namespace keywarden {
namespace {

/// What ids are called, in either of two estates.
class Names {
public:
    Names(const Estate& before, const Estate& after) : before_(before), after_(after) {}

    std::string of_team(std::string_view id) const { return find(&Estate::teams, id); }

    /// A field's text: where it is an id, the name.
    std::string shown(std::string_view field, const std::string& text) const {
        if (field == "plan") return find(&Estate::plans, text);
        if (field == "app") return find(&Estate::apps, text);
        if (field == "maker_key") return find_key(text);
        if (field == "user") return find_user(text);
        return text;
    }

private:
    template <class T>
    std::string find(std::vector<T> Estate::* things, std::string_view id) const {
        for (const Estate* estate : {&after_, &before_}) {
            const auto found = std::ranges::find(estate->*things, id, &T::id);
            if (found != (estate->*things).end()) return found->name;
        }
        return std::string(id);
    }
    std::string find_key(std::string_view id) const {
        for (const Estate* estate : {&after_, &before_}) {
            for (const HeldKey& held : estate->keys) {
                if (held.key.id == id) return held.key.name;
            }
        }
        return std::string(id);
    }
    std::string find_user(std::string_view id) const {
        for (const User& user : after_.users) {
            if (user.id == id && !user.email.empty()) return user.email;
        }
        return std::string(id);
    }

    const Estate& before_;
    const Estate& after_;
};

Json value_of(const AuditValue& value, std::string_view field, const Names& names) {
    if (const auto* text = std::get_if<std::string>(&value)) return names.shown(field, *text);
    if (const auto* number = std::get_if<int64_t>(&value)) return *number;
    if (const auto* yes = std::get_if<bool>(&value)) return *yes;
    if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return *list;
    return nullptr;
}

/// What the audit log calls a field, as a document does.
std::string_view document_field(std::string_view field) {
    return field == "maker_key" ? "maker" : field;
}

// What each kind of thing is called, where it is, and what becomes of it when it goes.
struct Label {
    std::string_view type;
    std::string team_id{};
    std::string name{};
    std::string id{};
    std::string_view end = "delete";
};
Label label(const InstanceSettings& /*settings*/) {
    return {.type = "settings", .name = "instance", .id = "instance"};
}
Label label(const ModelLimits& model) {
    return {.type = "model", .name = model.id, .id = model.id};
}
Label label(const Plan& plan) { return {.type = "plan", .name = plan.name, .id = plan.id}; }
Label label(const User& user) { return {.type = "user", .name = user.email, .id = user.id}; }
Label label(const Team& team) { return {.type = "team", .name = team.name, .id = team.id}; }
Label label(const App& app) {
    return {.type = "app", .team_id = app.team_id, .name = app.name, .id = app.id};
}
Label label(const Member& member) {
    return {.type = "member",
            .team_id = member.team_id,
            .name = member.email,
            .id = member.user_id,
            .end = "remove"};
}
Label label(const HeldKey& held) {
    return {.type = "key",
            .team_id = held.key.team_id,
            .name = held.key.name,
            .id = held.key.id,
            .end = "revoke"};
}

// Whose policy may name what there is not: null where a thing has none.
const Policy* policy_of(const InstanceSettings& settings) { return &settings.policy; }
const Policy* policy_of(const Plan& plan) { return &plan.policy; }
const Policy* policy_of(const Team& team) { return &team.policy; }
const Policy* policy_of(const App& app) { return &app.policy; }
const Policy* policy_of(const HeldKey& held) { return &held.key.policy; }
template <class T>
const Policy* policy_of(const T& /*other*/) {
    return nullptr;
}

template <class T>
void warn_of(const Change<T>& change,
             const PolicyNames& there_is,
             std::vector<std::string>& sentences) {
    if (!change.after) return;
    const Policy* const after = policy_of(*change.after);
    if (after == nullptr || (change.before && *policy_of(*change.before) == *after)) return;
    const Label what = label(*change.after);
    for (const std::string& sentence : policy_warnings(*after, there_is)) {
        sentences.push_back(fmt::format("{} {}: {}", what.type, what.name, sentence));
    }
}

template <class T>
Json record(const Change<T>& change, const Names& names) {
    const Label what = label(change.oldest());
    Json out = {{"action", "update"}, {"type", what.type}};
    if (!change.before) out["action"] = "create";
    if (!change.after) out["action"] = what.end;
    if (!what.team_id.empty()) out["team"] = names.of_team(what.team_id);
    out["name"] = what.name;
    if (change.before) out["id"] = what.id;
    Json& fields = out["fields"] = Json::array();
    for (const AuditChange& field : fields_of(change)) {
        fields.push_back({{"field", document_field(field.field)},
                          {"before", value_of(field.before, field.field, names)},
                          {"after", value_of(field.after, field.field, names)}});
    }
    return out;
}

}  // namespace

Json changes_record(const std::vector<EstateChange>& changes,
                    const Estate& before,
                    const Estate& after) {
    const Names names(before, after);
    Json out = Json::array();
    for (const EstateChange& change : changes) {
        out.push_back(std::visit([&](const auto& each) { return record(each, names); }, change));
    }
    return out;
}

std::vector<std::string> warnings_of(const std::vector<EstateChange>& changes,
                                     const PolicyNames& there_is) {
    std::vector<std::string> sentences;
    for (const EstateChange& change : changes) {
        std::visit([&](const auto& each) { warn_of(each, there_is, sentences); }, change);
    }
    return sentences;
}

std::string digest_of(const Json& changes) { return to_hex(sha256(dump(changes))); }

}  // namespace keywarden
