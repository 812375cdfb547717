#include "store/sqlite/sqlite_credentials.h"

#include <mutex>
#include <optional>
#include <utility>

#include "store/account_rules.h"
#include "store/sqlite/credential_rows.h"
#include "store/sqlite/read.h"

namespace keywarden {
namespace {

std::span<const uint8_t> bytes_of(std::string_view raw) {
    return {reinterpret_cast<const uint8_t*>(raw.data()), raw.size()};
}

Result<void> check_new(Database& database, const ProviderCredential& credential) {
    const std::string& team = credential.team_id;
    if (!team.empty()) {
        TRY(const bool there, has_row(Query(database, "SELECT 1 FROM teams WHERE id = ?1", team)));
        if (!there) return no_such("team");
    }
    TRY(const int64_t count,
        count_of(
            Query(database, "SELECT count(*) FROM provider_credentials WHERE team = ?1", team)));
    if (count >= kCredentialsMax) return too_many("provider credentials", kCredentialsMax);
    TRY(const bool has_id,
        has_row(
            Query(database, "SELECT 1 FROM provider_credentials WHERE id = ?1", credential.id)));
    if (has_id) return taken("provider credential", "id");
    TRY(const bool has_name,
        has_row(Query(database,
                      "SELECT 1 FROM provider_credentials WHERE team = ?1 AND provider = ?2 "
                      "AND name = ?3",
                      team,
                      credential.provider,
                      credential.name)));
    if (has_name) return taken("provider credential", "name");
    return {};
}

Result<void> insert(Database& database, const ProviderCredential& credential) {
    return Query(database,
                 "INSERT INTO provider_credentials(id, team, provider, name, weight, cooldown, "
                 "is_enabled, origin, reference, sealed, data_key, secret_version, preview, "
                 "created_at, secret_at, version) "
                 "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
                 credential.id,
                 credential.team_id,
                 credential.provider,
                 credential.name,
                 credential.weight,
                 int64_t{credential.cooldown / std::chrono::milliseconds(1)},
                 int64_t{credential.is_enabled},
                 credential.origin,
                 credential.reference,
                 bytes_of(credential.sealed),
                 credential.data_key,
                 credential.secret_version,
                 credential.preview,
                 credential.created_at,
                 credential.secret_at,
                 credential.version)
        .run();
}

Result<void> update(Database& database, const ProviderCredential& credential) {
    std::optional<TimePoint> tested_at;
    std::optional<int64_t> test_status;
    if (credential.last_test) {
        tested_at = credential.last_test->at;
        test_status = credential.last_test->status;
    }
    TRY_VOID(Query(database,
                   "UPDATE provider_credentials SET name = ?4, weight = ?5, cooldown = ?6, "
                   "is_enabled = ?7, origin = ?8, reference = ?9, sealed = ?10, data_key = ?11, "
                   "secret_version = ?12, preview = ?13, secret_at = ?14, tested_at = ?15, "
                   "test_status = ?16, version = ?3 "
                   "WHERE id = ?1 AND team = ?2 AND version = ?3 - 1",
                   credential.id,
                   credential.team_id,
                   credential.version,
                   credential.name,
                   credential.weight,
                   int64_t{credential.cooldown / std::chrono::milliseconds(1)},
                   int64_t{credential.is_enabled},
                   credential.origin,
                   credential.reference,
                   bytes_of(credential.sealed),
                   credential.data_key,
                   credential.secret_version,
                   credential.preview,
                   credential.secret_at,
                   tested_at,
                   test_status)
                 .run());
    if (database.changes() > 0) return {};
    TRY_VOID(get_credential_row(database, credential.team_id, credential.id));
    return changed_meanwhile("provider credential");
}

class SqliteCredentials final : public CredentialStore {
public:
    SqliteCredentials(Connection& writer, Connection& reader) : writer_(writer), reader_(reader) {}

    Result<void> create_credential(const ProviderCredential& credential,
                                   const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY_VOID(check_new(database, credential));
            return insert(database, credential);
        });
    }

    Result<void> update_credential(const ProviderCredential& credential,
                                   const AuditEntry& audit) override {
        return change(
            writer_, audit, [&](Database& database) { return update(database, credential); });
    }

    Result<void> delete_credential(std::string_view team_id,
                                   std::string_view id,
                                   const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY_VOID(Query(database,
                           "DELETE FROM provider_credentials WHERE id = ?1 AND team = ?2",
                           id,
                           team_id)
                         .run());
            if (database.changes() == 0) return no_such("provider credential");
            return {};
        });
    }

    Result<ProviderCredential> get_credential(std::string_view team_id,
                                              std::string_view id) override {
        const std::lock_guard lock(reader_.mutex);
        return get_credential_row(*reader_.database, team_id, id);
    }

    Result<std::vector<ProviderCredential>> list_credentials(std::string_view team_id) override {
        const std::lock_guard lock(reader_.mutex);
        return list_credential_rows(*reader_.database, team_id);
    }

    Result<std::vector<ProviderCredential>> all_credentials() override {
        const std::lock_guard lock(reader_.mutex);
        return all_credential_rows(*reader_.database);
    }

    Result<void> tell(const AuditEntry& audit) override {
        return change(writer_, audit, [](Database&) { return Result<void>(); });
    }

    Result<std::vector<DataKey>> list_data_keys() override {
        const std::lock_guard lock(reader_.mutex);
        return list_data_key_rows(*reader_.database);
    }

    Result<void> add_data_key(const DataKey& key) override {
        const std::lock_guard lock(writer_.mutex);
        Database& database = *writer_.database;
        TRY(const bool there,
            has_row(Query(database,
                          "SELECT 1 FROM data_keys WHERE team = ?1 AND version = ?2",
                          key.team_id,
                          key.version)));
        if (there) return taken("data key", "version");
        return Query(database,
                     "INSERT INTO data_keys(team, version, master, wrapped) "
                     "VALUES (?1, ?2, ?3, ?4)",
                     key.team_id,
                     key.version,
                     key.master,
                     bytes_of(key.wrapped))
            .run();
    }

    Result<bool> reseal(const ProviderCredential& credential) override {
        const std::lock_guard lock(writer_.mutex);
        TRY_VOID(Query(*writer_.database,
                       "UPDATE provider_credentials SET sealed = ?4, data_key = ?5 "
                       "WHERE id = ?1 AND team = ?2 AND secret_version = ?3",
                       credential.id,
                       credential.team_id,
                       credential.secret_version,
                       bytes_of(credential.sealed),
                       credential.data_key)
                     .run());
        return writer_.database->changes() > 0;
    }

    Result<void> forget_data_key(std::string_view team_id, int64_t version) override {
        const std::lock_guard lock(writer_.mutex);
        return Query(*writer_.database,
                     "DELETE FROM data_keys WHERE team = ?1 AND version = ?2 AND NOT EXISTS "
                     "(SELECT 1 FROM provider_credentials c WHERE c.team = ?1 AND c.data_key = ?2)",
                     team_id,
                     version)
            .run();
    }

private:
    Connection& writer_;
    Connection& reader_;
};

}  // namespace

std::unique_ptr<CredentialStore> make_sqlite_credentials(Connection& writer, Connection& reader) {
    return std::make_unique<SqliteCredentials>(writer, reader);
}

}  // namespace keywarden
