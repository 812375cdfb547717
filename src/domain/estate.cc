#include "domain/estate.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

namespace keywarden {
namespace {

// How things are told apart.
template <class T>
std::string identity(const T& thing) {
    return thing.id;
}
std::string identity(const Member& member) { return member.team_id + " " + member.user_id; }
std::string identity(const HeldKey& held) { return held.key.id; }

/// What goes, what is altered, and what comes, each in the order of the estate that it is from.
template <class T>
struct Changes {
    std::vector<EstateChange> gone{};
    std::vector<EstateChange> altered{};
    std::vector<EstateChange> made{};
};

template <class T>
Changes<T> compare(const std::vector<T>& before, const std::vector<T>& after) {
    std::map<std::string, const T*> old;
    for (const T& thing : before) old.emplace(identity(thing), &thing);
    Changes<T> out;
    for (const T& thing : after) {
        const auto found = old.find(identity(thing));
        if (found == old.end()) {
            out.made.push_back(Change<T>{.before = {}, .after = thing});
            continue;
        }
        Change<T> change{.before = *found->second, .after = thing};
        old.erase(found);
        if (!fields_of(change).empty()) out.altered.push_back(std::move(change));
    }
    for (const T& thing : before) {
        if (old.contains(identity(thing))) {
            out.gone.push_back(Change<T>{.before = thing, .after = {}});
        }
    }
    return out;
}

void append(std::vector<EstateChange>& out, std::vector<EstateChange> more) {
    std::ranges::move(more, std::back_inserter(out));
}

/// Owners before others: the last owner cannot go, or become anything else.
std::vector<EstateChange> owners_first(std::vector<EstateChange> changes) {
    std::vector<EstateChange> owners;
    std::vector<EstateChange> others;
    for (EstateChange& change : changes) {
        const auto& after = std::get<Change<Member>>(change).after;
        const bool is_owner = after && after->role == Role::Owner;
        (is_owner ? owners : others).push_back(std::move(change));
    }
    append(owners, std::move(others));
    return owners;
}

/// How many of `made` are above the key in its line of makers. Of a circle: too many.
size_t depth_of(const std::map<std::string, std::string>& made, const std::string& id) {
    size_t depth = 0;
    auto key = made.find(id);
    while (depth <= made.size()) {
        key = made.find(key->second);
        if (key == made.end()) break;
        ++depth;
    }
    return depth;
}

std::vector<EstateChange> makers_first(std::vector<EstateChange> changes) {
    std::map<std::string, std::string> made;  // by id: the maker's
    const auto key_of = [](const EstateChange& change) -> const Key& {
        return std::get<Change<HeldKey>>(change).after.value().key;
    };
    for (const EstateChange& change : changes) {
        made.emplace(key_of(change).id, key_of(change).maker_key_id);
    }
    std::map<size_t, std::vector<EstateChange>> by_depth;
    for (EstateChange& change : changes) {
        by_depth[depth_of(made, key_of(change).id)].push_back(std::move(change));
    }
    std::vector<EstateChange> out;
    for (auto& [_, level] : by_depth) append(out, std::move(level));
    return out;
}

}  // namespace

AuditFacts estate_facts(const HeldKey& held) {
    AuditFacts facts = audit_facts(held.key);
    std::erase_if(facts, [](const auto& fact) { return fact.first == "secrets"; });
    if (!held.format.empty()) facts.emplace_back("format", held.format);
    if (held.test) facts.emplace_back("environment", std::string("test"));
    return facts;
}

std::vector<EstateChange> changes_between(const Estate& before, const Estate& after) {
    std::vector<EstateChange> settings;
    Change<InstanceSettings> instance{.before = before.settings, .after = after.settings};
    if (!fields_of(instance).empty()) settings.push_back(std::move(instance));
    auto models = compare(before.models, after.models);
    auto plans = compare(before.plans, after.plans);
    auto users = compare(before.users, after.users);
    auto teams = compare(before.teams, after.teams);
    auto apps = compare(before.apps, after.apps);
    auto members = compare(before.members, after.members);
    auto keys = compare(before.keys, after.keys);
    append(members.made, std::move(members.altered));
    members.made = owners_first(std::move(members.made));
    keys.made = makers_first(std::move(keys.made));

    std::vector<EstateChange> out;
    for (auto* changes : {&settings,
                          &models.altered,
                          &models.made,
                          &plans.altered,
                          &plans.made,
                          &users.altered,
                          &users.made,
                          &teams.altered,
                          &teams.made,
                          &members.made,
                          &apps.altered,
                          &apps.made,
                          &keys.gone,
                          &keys.altered,
                          &keys.made,
                          &apps.gone,
                          &members.gone}) {
        append(out, std::move(*changes));
    }
    return out;
}

}  // namespace keywarden
