#include "app/instance.h"

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/id.h"
#include "store/open.h"

namespace keywarden {
namespace {

constexpr std::string_view kOperatorSetting = "operator_id";
constexpr std::string_view kTeamSetting = "default_team_id";
constexpr std::string_view kFirstKeySetting = "first_key_id";
constexpr std::string_view kFirstKeyShownSetting = "first_key_shown";
constexpr std::string_view kFirstKeyName = "first key";

/// The value of a setting, or nothing when there is none.
Result<std::optional<std::string>> setting(Store& store, std::string_view name) {
    auto value = store.get_setting(name);
    if (value) return std::move(*value);
    if (value.error().code == ErrorCode::NotFound) return std::nullopt;
    return fail(std::move(value.error()));
}

/// The setting's value; `made` is stored first when there is none.
Result<std::string> setting_or(Store& store, std::string_view name, std::string made) {
    TRY(auto value, setting(store, name));
    if (value) return std::move(*value);
    TRY_VOID(store.put_setting(name, made));
    return made;
}

/// Reads the secret of `name`, which must be the one that the database knows; on a first start,
/// makes it. File first, then its check value: a crash between the two is made good here.
Result<Secret> open_secret(const DataDir& dir, Store& store, std::string_view name) {
    const std::string path = dir.file(name);
    const std::string check_setting = check_setting_of(name);
    TRY(const auto expected, setting(store, check_setting));
    if (!file_exists(path)) {
        if (expected) {
            return fail(ErrorCode::StartupFailed,
                        fmt::format("{} is missing, and the database needs it: bring the file back "
                                    "from a backup",
                                    path));
        }
        TRY_VOID(write_secret_file(path));
    }
    TRY(Secret secret, read_secret_file(path));
    const std::string value = check_value(secret, name);
    if (expected && *expected != value) {
        return fail(ErrorCode::StartupFailed,
                    fmt::format("{} is not the one that {} was made with: bring back the file that "
                                "belongs to it",
                                path,
                                dir.file(kDatabaseName)));
    }
    if (!expected) TRY_VOID(store.put_setting(check_setting, value));
    return secret;
}

/// The master keys, the newest first. There are two while the vault is rotated. Where the database
/// knows the next one already, the last step of a rotation was interrupted, and is done here.
Result<std::vector<Secret>> open_master_keys(const DataDir& dir, Store& store) {
    std::vector<Secret> out;
    const std::string next = dir.file(kNextMasterKeyName);
    if (file_exists(next)) {
        TRY(Secret key, read_secret_file(next));
        TRY(const auto expected, setting(store, check_setting_of(kMasterKeyName)));
        if (expected == check_value(key, kMasterKeyName)) {
            TRY_VOID(replace_file(next, dir.file(kMasterKeyName)));
        } else {
            out.push_back(std::move(key));
        }
    }
    TRY(Secret key, open_secret(dir, store, kMasterKeyName));
    out.push_back(std::move(key));
    return out;
}

/// Opens the store, and says which file is meant when it cannot.
Result<std::unique_ptr<Store>> open_database(const std::string& path) {
    auto store = open_store(fmt::format("sqlite:{}", path));
    if (!store) store.error().message = fmt::format("{}: {}", path, store.error().message);
    return store;
}

AuditEntry made_on_start(std::string tenant, std::string action, AuditParty what, TimePoint at) {
    const ChangedBy gateway{.actor = {"system", "startup"}};
    return audit_entry(gateway, std::move(tenant), std::move(action), std::move(what), at);
}

/// The person who runs the instance, from the command line on its host.
Result<std::string> open_operator(Store& store, const Clock& clock) {
    TRY(std::string id, setting_or(store, kOperatorSetting, new_id("user")));
    const auto user = store.accounts().get_user(id);
    if (user) return id;
    if (user.error().code != ErrorCode::NotFound) return fail(user.error());
    TRY_VOID(store.accounts().create_user(
        {.id = id, .name = "operator", .is_operator = true, .created_at = clock.now()},
        made_on_start(kInstanceTenant, "user.create", {"user", id}, clock.now())));
    return id;
}

/// Adds the team of the first start, with the operator as its owner.
Result<std::string> open_team(Store& store, const std::string& operator_id, const Clock& clock) {
    TRY(std::string id, setting_or(store, kTeamSetting, new_id("team")));
    AccountStore& accounts = store.accounts();
    const TimePoint now = clock.now();
    const auto team = accounts.get_team(id);
    if (!team && team.error().code != ErrorCode::NotFound) return fail(team.error());
    if (!team) {
        TRY_VOID(accounts.create_team({.id = id, .name = "default", .created_at = now},
                                      made_on_start(id, "team.create", {"team", id}, now)));
    }
    TRY(const auto members, accounts.list_members(id));
    if (!members.empty()) return id;
    TRY_VOID(accounts.put_member(
        {.team_id = id, .user_id = operator_id, .role = Role::Owner, .created_at = now},
        made_on_start(id, "member.add", {"user", operator_id}, now)));
    return id;
}

}  // namespace

KeyNotice notice_of(const Settings& settings) {
    return {.unused_after = settings.keys_unused_after, .ahead = settings.keys_notice_ahead};
}

namespace {

KeyDefaults defaults_of(const Settings& settings) {
    return {.format = settings.key_default_format,
            .rate_limit_rpm = settings.key_rate_limit_rpm,
            .caps = {.active_keys_max = settings.keys_active_max,
                     .creations_per_hour_max = settings.key_creations_per_hour},
            .notice = notice_of(settings)};
}

}  // namespace

std::string check_setting_of(std::string_view name) { return fmt::format("check.{}", name); }

std::string check_value(const Secret& secret, std::string_view name) {
    return to_hex(HmacKey(secret.reveal()).sign(fmt::format("keywarden check of {}", name)));
}

Result<std::unique_ptr<Instance>> open_instance(const Configuration& configuration,
                                                const Clock& clock) {
    const Settings& settings = configuration.settings;
    TRY(DataDir dir, DataDir::open(settings.data_dir));
    TRY(auto store, open_database(dir.file(kDatabaseName)));
    TRY(std::vector<Secret> master_keys, open_master_keys(dir, *store));
    TRY(const Secret pepper, open_secret(dir, *store, kPepperName));
    TRY(KeyFormats formats, KeyFormats::open(settings.key_formats, pepper));
    TRY(std::string operator_id, open_operator(*store, clock));
    TRY(std::string team_id, open_team(*store, operator_id, clock));
    auto out = std::make_unique<Instance>(Instance{.dir = std::move(dir),
                                                   .store = std::move(store),
                                                   .master_keys = std::move(master_keys),
                                                   .formats = std::move(formats),
                                                   .webhooks = WebhookSigner(pepper),
                                                   .totp_key = SealingKey::derive(pepper, "totp"),
                                                   .directory = nullptr,
                                                   .sessions = nullptr,
                                                   .operator_id = std::move(operator_id),
                                                   .team_id = std::move(team_id)});
    TRY(out->directory,
        KeyDirectory::load(*out->store, out->formats, defaults_of(settings), clock));
    TRY(out->sessions, SessionDirectory::load(*out->store, clock));
    return out;
}

Result<Secret> make_next_master_key(const Instance& instance) {
    const std::string path = instance.dir.file(kNextMasterKeyName);
    if (!file_exists(path)) TRY_VOID(write_secret_file(path));
    return read_secret_file(path);
}

Result<void> keep_next_master_key(Instance& instance) {
    const std::string next = instance.dir.file(kNextMasterKeyName);
    TRY(const Secret key, read_secret_file(next));
    TRY_VOID(instance.store->put_setting(check_setting_of(kMasterKeyName),
                                         check_value(key, kMasterKeyName)));
    return replace_file(next, instance.dir.file(kMasterKeyName));
}

Result<std::optional<MintedKey>> make_first_key(Instance& instance) {
    TRY(const auto shown, setting(*instance.store, kFirstKeyShownSetting));
    if (shown) return std::nullopt;
    TRY(const std::string id, setting_or(*instance.store, kFirstKeySetting, new_id("key")));
    auto made = instance.store->get_key(instance.team_id, id);
    if (made) {
        TRY(MintedKey again,
            instance.directory->rotate(
                instance.team_id, id, std::nullopt, {.grace = {}, .emergency = true}));
        return again;
    }
    if (made.error().code != ErrorCode::NotFound) return fail(std::move(made.error()));
    TRY(MintedKey key,
        instance.directory->create({.id = id,
                                    .team_id = instance.team_id,
                                    .name = std::string(kFirstKeyName),
                                    .created_by = instance.operator_id},
                                   {},
                                   false));
    return key;
}

Result<void> note_first_key_shown(Instance& instance) {
    return instance.store->put_setting(kFirstKeyShownSetting, "true");
}

std::string first_key_words(const Secret& key, const std::string& base_url) {
    // One line, so that it can be copied in one piece.
    const std::string curl = fmt::format(
        R"(curl {}/v1/chat/completions -H "Authorization: Bearer {}")"
        R"( -H "Content-Type: application/json")"
        R"( -d '{{"model":"sandbox","messages":[{{"role":"user","content":"Hello"}}]}}')",
        base_url,
        key.reveal());
    return fmt::format(
        "\nYour API key. It is shown this once; the gateway keeps only its hash:\n\n    {}\n\n"
        "Try it against the built-in sandbox, which needs no provider:\n\n{}\n\n",
        key.reveal(),
        curl);
}

}  // namespace keywarden
