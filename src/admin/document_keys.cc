// What a document says of a team's keys.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>
#include <utility>
#include <vector>

#include "admin/document_entries.h"
#include "admin/document_team.h"
#include "admin/key_fields.h"
#include "base/id.h"
#include "store/account_rules.h"
#include "store/policy_directory.h"

namespace keywarden {
namespace {

constexpr std::array<std::string_view, 3> kOthers = {"id", "status", "maker"};
constexpr std::string_view kOperatorWord = "operator";
constexpr std::string_view kRate = "policy.limits.requests_per_minute";

std::unexpected<Error> fixed(std::string_view field) {
    return fail_field(field,
                      "is decided when the key is created and cannot be changed: make another key");
}

/// What an entry says besides the fields of any new key.
struct Said {
    KeyDraft draft{};
    std::optional<KeyStatus> status{};
    std::string maker{};
};

Result<Said> read_said(const Json& json) {
    Said said;
    TRY_VOID(read_new_key(json, said.draft, kOthers));
    if (json.contains("status")) {
        const Json& value = json.at("status");
        if (value.is_string()) said.status = key_status_of(value.get_ref<const std::string&>());
        if (!said.status || *said.status == KeyStatus::Revoked) {
            return fail_field("status",
                              "must be \"active\", \"disabled\", or \"quarantined\": to revoke a "
                              "key, leave it out and apply with --prune");
        }
    }
    if (json.contains("maker") && !json.at("maker").is_null()) {
        TRY(said.maker, read_line("maker", json.at("maker"), kKeyNameMax));
    }
    return said;
}

/// Reads the keys of one team.
class KeyReader {
public:
    KeyReader(const Team& team, Reading& to) : team_(team), to_(to) {
        for (const HeldKey& held : to.current.keys) {
            if (held.key.team_id == team.id) there_.push_back(&held);
        }
    }

    Result<void> read(const std::vector<Entry>& entries) {
        TRY(const auto found,
            match(
                entries,
                there_,
                [](const HeldKey& held) { return std::string_view(held.key.id); },
                [](const HeldKey& held) { return std::string_view(held.key.name); }));
        std::vector<Said> said;
        for (size_t i = 0; i < entries.size(); ++i) {
            auto one = at(entries[i].path, read_said(*entries[i].json));
            if (!one) return std::unexpected(std::move(one).error());
            said.push_back(*std::move(one));
            // Its id first: others may name it as their maker.
            HeldKey held = found[i] != nullptr ? *found[i] : HeldKey{};
            if (found[i] == nullptr) {
                TRY_VOID(check_new_id("key", entries[i], kKeyIdMax));
                held.key.id = entries[i].id.empty() ? new_id("key") : entries[i].id;
            }
            held.key.name = said.back().draft.key.name;
            made_.push_back(std::move(held));
        }
        for (size_t i = 0; i < entries.size(); ++i) {
            TRY_VOID(at(entries[i].path, take(*entries[i].json, said[i], found[i], made_[i])));
        }
        TRY_VOID(check_makers(entries, found));
        put(found);
        return {};
    }

private:
    Result<void> take(const Json& json, Said& said, const HeldKey* old, HeldKey& held) {
        const std::string id = held.key.id;
        held.key = std::move(said.draft.key);
        held.key.id = id;
        held.key.team_id = team_.id;
        TRY_VOID(resolve_app(held.key));
        TRY_VOID(resolve_user(said.draft.user, old, held.key));
        TRY_VOID(resolve_maker(said.maker, old, held.key));
        if (old != nullptr) {
            TRY_VOID(keep_what_stays(json, said, *old, held));
        } else {
            TRY_VOID(begin(said, held));
        }
        TRY_VOID(check_times(old != nullptr ? &old->key : nullptr, held.key, to_.context.now));
        return check_limits_of(json, old, held.key);
    }

    Result<void> begin(const Said& said, HeldKey& held) const {
        KeyDraft draft = said.draft;
        if (draft.format.empty()) draft.format = to_.context.default_format;
        TRY_VOID(check_format(*to_.context.formats, draft));
        held.format = draft.format == to_.context.default_format ? "" : draft.format;
        held.test = draft.test;
        held.key.status = said.status.value_or(KeyStatus::Active);
        held.key.created_by = to_.context.operator_id;
        return {};
    }

    Result<void> keep_what_stays(const Json& json,
                                 const Said& said,
                                 const HeldKey& old,
                                 HeldKey& held) const {
        Key& key = held.key;
        if (said.draft.kind_named && key.kind != old.key.kind) return fixed("kind");
        const std::string& format = old.format.empty() ? to_.context.default_format : old.format;
        if (!said.draft.format.empty() && said.draft.format != format) return fixed("format");
        if (json.contains("environment") && said.draft.test != old.test) {
            return fixed("environment");
        }
        key.kind = old.key.kind;
        key.status = said.status.value_or(old.key.status);
        key.created_by = old.key.created_by;
        key.created_at = old.key.created_at;
        key.updated_at = old.key.updated_at;
        key.version = old.key.version;
        key.secrets = old.key.secrets;
        held.format = old.format;
        held.test = old.test;
        return {};
    }

    /// A document names an app by its name, or by its id.
    Result<void> resolve_app(Key& key) const {
        if (key.app_id.empty()) return {};
        std::vector<std::string_view> known;
        for (const App& app : to_.wanted.apps) {
            if (app.team_id != team_.id) continue;
            if (app.name == key.app_id || app.id == key.app_id) {
                key.app_id = app.id;
                return {};
            }
            known.push_back(app.name);
        }
        return no_such_name("app", "app of the team", key.app_id, known);
    }

    Result<void> resolve_user(const std::string& name, const HeldKey* old, Key& key) {
        key.user_id = old != nullptr ? old->key.user_id : "";
        if (name.empty()) return {};
        std::string wanted = name;
        if (name == kOperatorWord) wanted = to_.context.operator_id;
        if (name.find('@') != std::string::npos) wanted = member_with(name);
        if (old != nullptr) {
            return wanted == key.user_id ? Result<void>() : Result<void>(fixed("user"));
        }
        const bool is_member = std::ranges::any_of(to_.wanted.members, [&](const Member& member) {
            return member.team_id == team_.id && member.user_id == wanted;
        });
        if (!is_member) {
            return fail_field("user",
                              fmt::format("must be a member of the team, and '{}' is none", name));
        }
        key.user_id = wanted;
        return {};
    }

    /// The id of whoever has that email; a text that is nobody's id where there is none.
    std::string member_with(const std::string& email) const {
        const std::string folded = folded_email(email);
        for (const User& user : to_.wanted.users) {
            if (folded_email(user.email) == folded) return user.id;
        }
        return "-";
    }

    /// By the name that it has from now on, or by its id.
    Result<void> resolve_maker(const std::string& name, const HeldKey* old, Key& key) const {
        key.maker_key_id = old != nullptr ? old->key.maker_key_id : "";
        if (name.empty()) return {};
        if (old != nullptr && name == key.maker_key_id) return {};  // it may be revoked by now
        std::set<std::string> ids;
        std::vector<std::string_view> known;
        const auto look = [&](const HeldKey& held) {
            known.push_back(held.key.name);
            if (held.key.name == name || held.key.id == name) ids.insert(held.key.id);
        };
        std::ranges::for_each(made_, look);
        for (const HeldKey* held : there_) {
            const bool is_made = std::ranges::any_of(
                made_, [&](const HeldKey& made) { return made.key.id == held->key.id; });
            if (!is_made) look(*held);
        }
        if (ids.empty()) return no_such_name("maker", "key of the team", name, known);
        if (ids.size() > 1) return fail_field("maker", "means several keys: name one by its id");
        if (old != nullptr && *ids.begin() != key.maker_key_id) return fixed("maker");
        key.maker_key_id = *ids.begin();
        return {};
    }

    Result<void> check_limits_of(const Json& json, const HeldKey* old, const Key& key) const {
        const Policy before = old != nullptr ? whole_policy(old->key) : Policy();
        Result<void> checked = check_under_team(whole_policy(key), before, team_, to_);
        const auto app = std::ranges::find(to_.wanted.apps, key.app_id, &App::id);
        if (checked && app != to_.wanted.apps.end()) {
            static const Policy kNone;
            const auto was = std::ranges::find(to_.current.apps, key.app_id, &App::id);
            const bool same = old != nullptr && old->key.app_id == key.app_id;
            checked =
                check_below(whole_policy(key),
                            before,
                            {.now = app->policy,
                             .before = same && was != to_.current.apps.end() ? was->policy : kNone,
                             .scope = Scope::App});
        }
        if (checked || checked.error().param != kRate || !json.contains("rate_limit_rpm")) {
            return checked;
        }
        checked.error().param = "rate_limit_rpm";
        return checked;
    }

    /// New keys name as their maker one that is there, at most kMakersMax above each other.
    Result<void> check_makers(const std::vector<Entry>& entries,
                              const std::vector<const HeldKey*>& found) const {
        for (size_t i = 0; i < entries.size(); ++i) {
            if (found[i] != nullptr) continue;
            size_t above = 0;
            for (const Key* key = &made_[i].key;
                 !key->maker_key_id.empty() && above <= kMakersMax;) {
                if (key->maker_key_id == made_[i].key.id) {
                    return at(entries[i].path, fail_field("maker", "goes round in a circle"));
                }
                const Key* const maker = find(key->maker_key_id);
                ++above;
                if (maker == nullptr) break;
                key = maker;
            }
            if (above > kMakersMax) {
                return at(entries[i].path,
                          fail_field("maker",
                                     fmt::format("has too many makers above it: {} generations are "
                                                 "the most",
                                                 kMakersMax)));
            }
        }
        return {};
    }

    const Key* find(std::string_view id) const {
        for (const HeldKey& held : made_) {
            if (held.key.id == id) return &held.key;
        }
        for (const HeldKey* held : there_) {
            if (held->key.id == id) return &held->key;
        }
        return nullptr;
    }

    void put(const std::vector<const HeldKey*>& found) {
        std::set<std::string_view> named;
        for (const HeldKey* held : found) {
            if (held != nullptr) named.insert(held->key.id);
        }
        std::erase_if(to_.wanted.keys, [&](const HeldKey& held) {
            if (held.key.team_id != team_.id) return false;
            const bool is_over = held.key.expires_at && *held.key.expires_at <= to_.context.now;
            return named.contains(held.key.id) || (to_.prune && !is_over);
        });
        std::ranges::move(made_, std::back_inserter(to_.wanted.keys));
    }

    const Team& team_;
    Reading& to_;
    std::vector<const HeldKey*> there_;
    std::vector<HeldKey> made_;
};

}  // namespace

Result<void> read_keys(const Json& entry, const std::string& path, const Team& team, Reading& to) {
    if (!entry.contains("keys")) return {};
    TRY(const auto entries, entries_of(entry.at("keys"), path, "keys"));
    return KeyReader(team, to).read(entries);
}

Result<void> check_app_keys(const std::string& path, const Team& team, const Reading& to) {
    for (const HeldKey& held : to.wanted.keys) {
        if (held.key.team_id != team.id || held.key.app_id.empty()) continue;
        const bool is_there =
            std::ranges::find(to.wanted.apps, held.key.app_id, &App::id) != to.wanted.apps.end();
        if (is_there) continue;
        return at(path,
                  fail_field("apps",
                             fmt::format("leaves out an app that the key '{}' ({}) belongs to",
                                         held.key.name,
                                         held.key.id)));
    }
    return {};
}

}  // namespace keywarden
