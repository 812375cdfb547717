#include "tests/bench/keys/many_keys.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>

#include <sqlite3.h>

#include "base/crypto.h"
#include "base/id.h"

namespace keywarden {
namespace {

constexpr int64_t kTeams = 1000;
constexpr int64_t kFirst = 1000;  // numbers below are for what a first start makes

class Filler {
public:
    explicit Filler(const std::filesystem::path& path) {
        check(sqlite3_open(path.c_str(), &database_));
        run("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; BEGIN");
        run("WITH RECURSIVE counter(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter "
            "WHERE n < 1000) INSERT INTO teams(n, id, created_at, name) "
            "SELECT 1000 + n - 1, 'team_' || n, 0, 'T' FROM counter");
        check(sqlite3_prepare_v2(
            database_,
            "INSERT INTO keys(n, id, team, kind, status, version, created_at, updated_at, name, "
            "doc) VALUES (?1, ?2, ?3, 0, 0, 1, ?1, ?1, 'a key of the benchmark', "
            "'{\"created_by\":\"user_00000000000000000000\"}')",
            -1,
            &key_,
            nullptr));
        check(sqlite3_prepare_v2(
            database_,
            "INSERT INTO secrets(key, seq, digest, created_at, id, format, display) "
            "VALUES (?1, 1, ?2, ?1, 'aaaaaaaaaaaa', 'keywarden', 'kw_live_aaaaaaaaaaaa…aaaa')",
            -1,
            &secret_,
            nullptr));
    }
    Filler(const Filler&) = delete;
    Filler& operator=(const Filler&) = delete;
    ~Filler() {
        sqlite3_finalize(key_);
        sqlite3_finalize(secret_);
        run("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
        sqlite3_close(database_);
    }

    void add(int64_t n, const Digest& digest) {
        const std::string id = new_id("key");
        sqlite3_bind_int64(key_, 1, kFirst + n);
        sqlite3_bind_text(key_, 2, id.c_str(), -1, SQLITE_STATIC);
        sqlite3_bind_int64(key_, 3, kFirst + n % kTeams);
        step(key_);
        sqlite3_bind_int64(secret_, 1, kFirst + n);
        sqlite3_bind_blob(
            secret_, 2, digest.data(), static_cast<int>(digest.size()), SQLITE_STATIC);
        step(secret_);
    }

private:
    void check(int code) {
        if (code == SQLITE_OK || code == SQLITE_DONE) return;
        std::fprintf(stderr, "sqlite: %s\n", sqlite3_errmsg(database_));
        std::exit(1);
    }
    void run(const char* sql) { check(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr)); }
    void step(sqlite3_stmt* statement) {
        check(sqlite3_step(statement));
        sqlite3_reset(statement);
    }

    sqlite3* database_ = nullptr;
    sqlite3_stmt* key_ = nullptr;
    sqlite3_stmt* secret_ = nullptr;
};

}  // namespace

std::vector<Secret> fill_with_keys(const std::filesystem::path& path,
                                   int64_t count,
                                   int64_t sample,
                                   const KeyFormats& formats) {
    Filler filler(path);
    std::vector<Secret> secrets;
    const int64_t every = std::max<int64_t>(count / sample, 1);
    for (int64_t n = 1; n <= count; ++n) {
        Digest digest{};
        if (n % every == 0) {
            Secret secret = formats.mint(formats.all().front(), false).secret;
            digest = formats.digest(secret.reveal(), formats.parse(secret.reveal()));
            secrets.push_back(std::move(secret));
        } else {
            random_bytes(digest);
        }
        filler.add(n, digest);
    }
    std::ranges::shuffle(secrets, std::mt19937(1));
    return secrets;
}

}  // namespace keywarden
