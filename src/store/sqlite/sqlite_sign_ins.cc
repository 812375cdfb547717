#include "store/sqlite/sqlite_sign_ins.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <mutex>
#include <optional>

#include "store/account_rules.h"
#include "store/passkey_store.h"
#include "store/sqlite/read.h"

namespace keywarden {
namespace {

std::unexpected<Error> damaged(std::string_view what) {
    return fail(ErrorCode::StoreUnavailable,
                "The database holds what this version did not write.",
                std::string(what));
}

Result<void> read_digest(const Query& row, int column, Digest& digest) {
    const std::span<const uint8_t> bytes = row.bytes(column);
    if (bytes.size() != digest.size()) return damaged("digest");
    std::ranges::copy(bytes, digest.begin());
    return {};
}

Result<WebSession> read_session(const Query& row) {
    WebSession session{.id = std::string(row.text(0)),
                       .user_id = std::string(row.text(2)),
                       .created_at = row.moment(3),
                       .used_at = row.moment(4),
                       .network = {static_cast<uint64_t>(row.integer(5))},
                       .issuer = std::string(row.text(6)),
                       .provider_session = std::string(row.text(7))};
    TRY_VOID(read_digest(row, 1, session.digest));
    return session;
}

Result<SignInLink> read_link(const Query& row) {
    const int64_t purpose = row.integer(2);
    const int64_t role = row.integer(6);
    if (purpose < 0 || purpose >= static_cast<int64_t>(LinkPurpose::kCount) || role < 0 ||
        role >= static_cast<int64_t>(Role::kCount)) {
        return damaged("link");
    }
    SignInLink link{.id = std::string(row.text(0)),
                    .purpose = static_cast<LinkPurpose>(purpose),
                    .user_id = std::string(row.text(3)),
                    .email = std::string(row.text(4)),
                    .team_id = std::string(row.text(5)),
                    .role = static_cast<Role>(role),
                    .made_by = {std::string(row.text(7)), std::string(row.text(8))},
                    .created_at = row.moment(9),
                    .ends_at = row.moment(10)};
    TRY_VOID(read_digest(row, 1, link.digest));
    return link;
}

Result<Identity> read_identity(const Query& row) {
    return Identity{.id = std::string(row.text(0)),
                    .user_id = std::string(row.text(1)),
                    .issuer = std::string(row.text(2)),
                    .subject = std::string(row.text(3)),
                    .email = std::string(row.text(4)),
                    .created_at = row.moment(5)};
}

std::span<const uint8_t> bytes_of(std::string_view raw) {
    return {reinterpret_cast<const uint8_t*>(raw.data()), raw.size()};
}

std::string raw_of(std::span<const uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

Result<Passkey> read_passkey(const Query& row) {
    const auto algorithm = jws_algorithm_of(row.text(5));
    if (!algorithm) return damaged("passkey");
    Passkey out{.id = std::string(row.text(0)),
                .user_id = std::string(row.text(1)),
                .name = std::string(row.text(2)),
                .credential_id = raw_of(row.bytes(3)),
                .public_key = raw_of(row.bytes(4)),
                .algorithm = *algorithm,
                .sign_count = static_cast<uint32_t>(row.integer(6)),
                .rp_id = std::string(row.text(7)),
                .created_at = row.moment(9)};
    std::string_view rest = row.text(8);
    while (!rest.empty()) {
        const std::string_view word = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(word.size() + 1, rest.size()));
        out.transports.emplace_back(word);
    }
    out.used_at = row.maybe_moment(10);
    return out;
}

/// One digest after the other, and back.
std::string joined(const std::vector<Digest>& digests) {
    std::string out;
    for (const Digest& digest : digests) out.append(digest.begin(), digest.end());
    return out;
}

std::vector<Digest> split(std::span<const uint8_t> bytes) {
    std::vector<Digest> out(bytes.size() / Digest().size());
    for (size_t i = 0; i < out.size(); ++i) {
        std::ranges::copy(bytes.subspan(i * out[i].size(), out[i].size()), out[i].begin());
    }
    return out;
}

Result<int64_t> user_number(Database& database, std::string_view id) {
    TRY(const auto n, number_of(Query(database, "SELECT n FROM users WHERE id = ?1", id)));
    if (n) return *n;
    return no_such("user");
}

class SqliteSignIns final : public SignInStore {
public:
    SqliteSignIns(Connection& writer, Connection& reader) : writer_(writer), reader_(reader) {}

    Result<void> put_sign_in(const SignIn& sign_in, const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY(const int64_t user, user_number(database, sign_in.user_id));
            return Query(database,
                         "INSERT OR REPLACE INTO sign_ins(user, password, totp, totp_confirmed, "
                         "totp_step, recovery_codes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                         user,
                         sign_in.password_hash,
                         bytes_of(sign_in.totp_sealed),
                         int64_t{sign_in.totp_confirmed},
                         sign_in.totp_step,
                         bytes_of(joined(sign_in.recovery_codes)))
                .run();
        });
    }

    Result<SignIn> get_sign_in(std::string_view user_id) override {
        const std::lock_guard lock(reader_.mutex);
        SignIn sign_in{.user_id = std::string(user_id)};
        Query query(*reader_.database,
                    "SELECT s.password, s.totp, s.totp_confirmed, s.totp_step, s.recovery_codes "
                    "FROM sign_ins s JOIN users u ON u.n = s.user WHERE u.id = ?1",
                    user_id);
        TRY(const bool row, query.next());
        if (!row) return sign_in;
        sign_in.password_hash = query.text(0);
        const std::span<const uint8_t> sealed = query.bytes(1);
        sign_in.totp_sealed.assign(sealed.begin(), sealed.end());
        sign_in.totp_confirmed = query.integer(2) != 0;
        sign_in.totp_step = query.integer(3);
        sign_in.recovery_codes = split(query.bytes(4));
        return sign_in;
    }

    Result<bool> has_operator() override {
        const std::lock_guard lock(reader_.mutex);
        return has_row(Query(*reader_.database,
                             "SELECT 1 FROM users u WHERE u.is_operator = 1 AND (EXISTS ("
                             "SELECT 1 FROM sign_ins s WHERE s.user = u.n AND s.password <> '') "
                             "OR EXISTS (SELECT 1 FROM identities i WHERE i.user = u.n)) "
                             "LIMIT 1"));
    }

    Result<void> tell(const AuditEntry& audit) override {
        return change(writer_, audit, [](Database&) { return Result<void>(); });
    }

    // ---- sessions ----------------------------------------------------------------------------

    Result<void> create_session(const WebSession& session, const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY(const int64_t user, user_number(database, session.user_id));
            TRY(const bool has_id,
                has_row(Query(database, "SELECT 1 FROM sessions WHERE id = ?1", session.id)));
            if (has_id) return taken("session", "id");
            TRY(const bool has_digest,
                has_row(Query(database,
                              "SELECT 1 FROM sessions WHERE digest = ?1",
                              std::span<const uint8_t>(session.digest))));
            if (has_digest) return taken("session", "digest");
            return Query(database,
                         "INSERT INTO sessions(id, digest, user, created_at, used_at, network, "
                         "issuer, provider_session) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                         session.id,
                         std::span<const uint8_t>(session.digest),
                         user,
                         session.created_at,
                         session.used_at,
                         static_cast<int64_t>(session.network.value),
                         session.issuer,
                         session.provider_session)
                .run();
        });
    }

    Result<void> end_session(std::string_view id, const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY_VOID(forget(database, id));
            if (database.changes() > 0) return {};
            return no_such("session");
        });
    }

    Result<void> forget_sessions(std::span<const std::string> ids) override {
        const std::lock_guard lock(writer_.mutex);
        TRY(Transaction transaction, Transaction::begin(*writer_.database));
        for (const std::string& id : ids) TRY_VOID(forget(*writer_.database, id));
        return transaction.commit();
    }

    Result<std::vector<WebSession>> list_sessions() override {
        const std::lock_guard lock(reader_.mutex);
        return read_all(Query(*reader_.database,
                              "SELECT s.id, s.digest, u.id, s.created_at, s.used_at, s.network, "
                              "s.issuer, s.provider_session FROM sessions s JOIN users u ON u.n = "
                              "s.user ORDER BY s.n"),
                        read_session);
    }

    Result<void> note_sessions(std::span<const SessionUse> uses) override {
        const std::lock_guard lock(writer_.mutex);
        TRY(Transaction transaction, Transaction::begin(*writer_.database));
        for (const SessionUse& use : uses) {
            TRY_VOID(Query(*writer_.database,
                           "UPDATE sessions SET used_at = max(used_at, ?2) WHERE id = ?1",
                           use.id,
                           use.at)
                         .run());
        }
        return transaction.commit();
    }

    // ---- links -------------------------------------------------------------------------------

    Result<void> put_link(const SignInLink& link, const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY_VOID(Query(database,
                           "DELETE FROM sign_in_links WHERE purpose = ?1 AND user = ?2 "
                           "AND email = ?3 AND team = ?4",
                           static_cast<int64_t>(link.purpose),
                           link.user_id,
                           link.email,
                           link.team_id)
                         .run());
            return Query(database,
                         "INSERT INTO sign_in_links(id, digest, purpose, user, email, team, role, "
                         "maker_type, maker, created_at, ends_at) "
                         "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                         link.id,
                         std::span<const uint8_t>(link.digest),
                         static_cast<int64_t>(link.purpose),
                         link.user_id,
                         link.email,
                         link.team_id,
                         static_cast<int64_t>(link.role),
                         audit.actor.type,
                         audit.actor.id,
                         link.created_at,
                         link.ends_at)
                .run();
        });
    }

    Result<std::vector<SignInLink>> list_links(std::string_view team_id) override {
        const std::lock_guard lock(reader_.mutex);
        return read_all(Query(*reader_.database,
                              "SELECT id, digest, purpose, user, email, team, role, maker_type, "
                              "maker, created_at, ends_at FROM sign_in_links WHERE team = ?1 ORDER "
                              "BY created_at, id",
                              team_id),
                        read_link);
    }

    Result<SignInLink> get_link(const Digest& digest) override {
        const std::lock_guard lock(reader_.mutex);
        return read_one(Query(*reader_.database,
                              "SELECT id, digest, purpose, user, email, team, role, maker_type, "
                              "maker, created_at, ends_at FROM sign_in_links WHERE digest = ?1",
                              std::span<const uint8_t>(digest)),
                        read_link,
                        "link");
    }

    Result<void> use_link(const Digest& digest, const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY_VOID(Query(database,
                           "DELETE FROM sign_in_links WHERE digest = ?1",
                           std::span<const uint8_t>(digest))
                         .run());
            if (database.changes() > 0) return {};
            return no_such("link");
        });
    }

    // ---- identities --------------------------------------------------------------------------

    Result<void> create_identity(const Identity& identity, const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY(const int64_t user, user_number(database, identity.user_id));
            TRY(const bool has_id,
                has_row(Query(database, "SELECT 1 FROM identities WHERE id = ?1", identity.id)));
            if (has_id) return taken("identity", "id");
            TRY(const bool is_taken,
                has_row(Query(database,
                              "SELECT 1 FROM identities WHERE issuer = ?1 AND subject = ?2",
                              identity.issuer,
                              identity.subject)));
            if (is_taken) return identity_taken();
            TRY(const int64_t theirs, identities_of(database, user));
            if (theirs >= kIdentitiesMax) return too_many("identities", kIdentitiesMax);
            return Query(database,
                         "INSERT INTO identities(id, user, issuer, subject, email, created_at) "
                         "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                         identity.id,
                         user,
                         identity.issuer,
                         identity.subject,
                         identity.email,
                         identity.created_at)
                .run();
        });
    }

    Result<Identity> find_identity(std::string_view issuer, std::string_view subject) override {
        const std::lock_guard lock(reader_.mutex);
        return read_one(Query(*reader_.database,
                              "SELECT i.id, u.id, i.issuer, i.subject, i.email, i.created_at "
                              "FROM identities i JOIN users u ON u.n = i.user "
                              "WHERE i.issuer = ?1 AND i.subject = ?2",
                              issuer,
                              subject),
                        read_identity,
                        "identity");
    }

    Result<std::vector<Identity>> list_identities(std::string_view user_id) override {
        const std::lock_guard lock(reader_.mutex);
        return read_all(Query(*reader_.database,
                              "SELECT i.id, u.id, i.issuer, i.subject, i.email, i.created_at "
                              "FROM identities i JOIN users u ON u.n = i.user "
                              "WHERE u.id = ?1 ORDER BY i.n",
                              user_id),
                        read_identity);
    }

    Result<void> delete_identity(std::string_view user_id,
                                 std::string_view id,
                                 const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY(const int64_t user, user_number(database, user_id));
            TRY(const bool is_there,
                has_row(Query(
                    database, "SELECT 1 FROM identities WHERE id = ?1 AND user = ?2", id, user)));
            if (!is_there) return no_such("identity");
            TRY(const int64_t theirs, identities_of(database, user));
            TRY(const bool has_password,
                has_row(Query(
                    database, "SELECT 1 FROM sign_ins WHERE user = ?1 AND password <> ''", user)));
            if (theirs == 1 && !has_password) return last_way_in();
            return Query(database, "DELETE FROM identities WHERE id = ?1", id).run();
        });
    }

    // ---- passkeys ----------------------------------------------------------------------------

    Result<void> create_passkey(const Passkey& passkey, const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY(const int64_t user, user_number(database, passkey.user_id));
            TRY(const bool has_id,
                has_row(Query(database, "SELECT 1 FROM passkeys WHERE id = ?1", passkey.id)));
            if (has_id) return taken("passkey", "id");
            TRY(const bool is_taken,
                has_row(Query(database,
                              "SELECT 1 FROM passkeys WHERE credential = ?1",
                              bytes_of(passkey.credential_id))));
            if (is_taken) return passkey_taken();
            TRY(const int64_t theirs,
                count_of(Query(database, "SELECT count(*) FROM passkeys WHERE user = ?1", user)));
            if (theirs >= kPasskeysMax) return too_many("passkeys", kPasskeysMax);
            return Query(database,
                         "INSERT INTO passkeys(id, user, name, credential, public_key, algorithm, "
                         "sign_count, rp_id, transports, created_at) "
                         "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                         passkey.id,
                         user,
                         passkey.name,
                         bytes_of(passkey.credential_id),
                         bytes_of(passkey.public_key),
                         name(passkey.algorithm),
                         int64_t{passkey.sign_count},
                         passkey.rp_id,
                         fmt::format("{}", fmt::join(passkey.transports, " ")),
                         passkey.created_at)
                .run();
        });
    }

    Result<Passkey> find_passkey(std::string_view credential_id) override {
        const std::lock_guard lock(reader_.mutex);
        return read_one(
            Query(*reader_.database,
                  "SELECT p.id, u.id, p.name, p.credential, p.public_key, p.algorithm, "
                  "p.sign_count, p.rp_id, p.transports, p.created_at, p.used_at "
                  "FROM passkeys p JOIN users u ON u.n = p.user WHERE p.credential = ?1",
                  bytes_of(credential_id)),
            read_passkey,
            "passkey");
    }

    Result<std::vector<Passkey>> list_passkeys(std::string_view user_id) override {
        const std::lock_guard lock(reader_.mutex);
        return read_all(
            Query(*reader_.database,
                  "SELECT p.id, u.id, p.name, p.credential, p.public_key, p.algorithm, "
                  "p.sign_count, p.rp_id, p.transports, p.created_at, p.used_at "
                  "FROM passkeys p JOIN users u ON u.n = p.user WHERE u.id = ?1 ORDER BY p.n",
                  user_id),
            read_passkey);
    }

    Result<void> use_passkey(const PasskeyUse& use, const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY_VOID(Query(database,
                           "UPDATE passkeys SET sign_count = ?2, used_at = ?3 WHERE id = ?1",
                           use.id,
                           int64_t{use.sign_count},
                           use.at)
                         .run());
            if (database.changes() > 0) return {};
            return no_such("passkey");
        });
    }

    Result<void> delete_passkey(std::string_view user_id,
                                std::string_view id,
                                const AuditEntry& audit) override {
        return change(writer_, audit, [&](Database& database) -> Result<void> {
            TRY(const int64_t user, user_number(database, user_id));
            TRY_VOID(Query(database, "DELETE FROM passkeys WHERE id = ?1 AND user = ?2", id, user)
                         .run());
            if (database.changes() > 0) return {};
            return no_such("passkey");
        });
    }

private:
    static Result<int64_t> identities_of(Database& database, int64_t user) {
        return count_of(Query(database, "SELECT count(*) FROM identities WHERE user = ?1", user));
    }

    static Result<void> forget(Database& database, std::string_view id) {
        return Query(database, "DELETE FROM sessions WHERE id = ?1", id).run();
    }

    Connection& writer_;
    Connection& reader_;
};

}  // namespace

std::unique_ptr<SignInStore> make_sqlite_sign_ins(Connection& writer, Connection& reader) {
    return std::make_unique<SqliteSignIns>(writer, reader);
}

}  // namespace keywarden
