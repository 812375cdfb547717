#include "store/sqlite/credential_rows.h"

#include <string>

#include "store/sqlite/read.h"

namespace keywarden {
namespace {

#define KEYWARDEN_CREDENTIAL_COLUMNS_                                                            \
    "SELECT id, team, provider, name, weight, cooldown, is_enabled, origin, reference, sealed, " \
    "data_key, secret_version, preview, tested_at, test_status, created_at, secret_at, version " \
    "FROM provider_credentials "

std::string raw(std::span<const uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Result<ProviderCredential> read_credential(const Query& row) {
    ProviderCredential out{.id = std::string(row.text(0)),
                           .team_id = std::string(row.text(1)),
                           .provider = std::string(row.text(2)),
                           .name = std::string(row.text(3)),
                           .weight = row.integer(4),
                           .cooldown = std::chrono::milliseconds(row.integer(5)),
                           .is_enabled = row.integer(6) != 0,
                           .origin = std::string(row.text(7)),
                           .reference = std::string(row.text(8)),
                           .sealed = raw(row.bytes(9)),
                           .data_key = row.integer(10),
                           .secret_version = row.integer(11),
                           .preview = std::string(row.text(12))};
    if (!row.is_null(13)) {
        out.last_test = {.at = row.moment(13), .status = static_cast<int>(row.integer(14))};
    }
    out.created_at = row.moment(15);
    out.secret_at = row.moment(16);
    out.version = row.integer(17);
    return out;
}

}  // namespace

Result<std::vector<ProviderCredential>> all_credential_rows(Database& database) {
    return read_all(Query(database, KEYWARDEN_CREDENTIAL_COLUMNS_ "ORDER BY n"), read_credential);
}

Result<std::vector<ProviderCredential>> list_credential_rows(Database& database,
                                                             std::string_view team_id) {
    return read_all(
        Query(database, KEYWARDEN_CREDENTIAL_COLUMNS_ "WHERE team = ?1 ORDER BY n", team_id),
        read_credential);
}

Result<ProviderCredential> get_credential_row(Database& database,
                                              std::string_view team_id,
                                              std::string_view id) {
    return read_one(
        Query(database, KEYWARDEN_CREDENTIAL_COLUMNS_ "WHERE id = ?1 AND team = ?2", id, team_id),
        read_credential,
        "provider credential");
}

Result<std::vector<DataKey>> list_data_key_rows(Database& database) {
    return read_all<DataKey>(
        Query(database, "SELECT team, version, master, wrapped FROM data_keys"),
        [](const Query& row) -> Result<DataKey> {
            return DataKey{.team_id = std::string(row.text(0)),
                           .version = row.integer(1),
                           .master = std::string(row.text(2)),
                           .wrapped = raw(row.bytes(3))};
        });
}

}  // namespace keywarden
