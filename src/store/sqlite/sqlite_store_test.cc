#include "store/sqlite/sqlite_store.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <vector>

#include <gtest/gtest.h>

#include "store/key_directory.h"
#include "store/sqlite/database.h"
#include "store/sqlite/migrations.h"

namespace keywarden {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kBriefly{1};

class SqliteFile : public testing::Test {
protected:
    SqliteFile() {
        std::string made = (fs::temp_directory_path() / "kw_sqlite_XXXXXX").string();
        folder_ = mkdtemp(made.data());
    }
    ~SqliteFile() override { fs::remove_all(folder_); }

    std::string path() const { return (folder_ / "kw.db").string(); }

    void write(const std::string& text) const { std::ofstream(path()) << text; }

    std::unique_ptr<Database> database(std::chrono::milliseconds busy_max = kBriefly) const {
        return *Database::open(path(), Database::Mode::ReadWrite, busy_max);
    }

    /// What opening says is wrong.
    std::string complaint() const {
        const auto opened = open_sqlite_store(path());
        if (opened) return "";
        EXPECT_EQ(opened.error().code, ErrorCode::StoreUnavailable);
        EXPECT_EQ(opened.error().message.find(folder_.string()), std::string::npos)
            << "a stranger learns no path";
        EXPECT_NE(opened.error().detail.find(folder_.string()), std::string::npos)
            << "the operator does";
        return opened.error().message;
    }

    fs::path folder_;
};

TEST_F(SqliteFile, IsReadableByItsOwnerAlone) {
    const auto store = open_sqlite_store(path());
    ASSERT_TRUE(store);
    ASSERT_TRUE((*store)->put_setting("a", "b"));
    for (const fs::directory_entry& file : fs::directory_iterator(folder_)) {
        EXPECT_EQ(file.status().permissions() & fs::perms::mask, fs::perms(0600)) << file;
    }
}

TEST_F(SqliteFile, SaysThatItsFolderIsMissing) {
    fs::remove_all(folder_);
    EXPECT_EQ(complaint(), "The database's folder does not exist.");
}

TEST_F(SqliteFile, SaysThatItsPathIsAFolder) {
    fs::create_directory(path());
    EXPECT_EQ(complaint(), "The database's path is a folder.");
}

TEST_F(SqliteFile, SaysThatTheFileIsNoDatabase) {
    write(std::string(10'000, 'x'));
    EXPECT_EQ(complaint(), "The file is no SQLite database.");
    EXPECT_EQ(fs::file_size(path()), 10'000U) << "and leaves it as it is";
}

TEST_F(SqliteFile, SaysThatTheDatabaseIsAnotherPrograms) {
    write("");
    ASSERT_TRUE(database()->run("CREATE TABLE bookmarks(url TEXT)"));
    EXPECT_EQ(complaint(), "The database belongs to another program.");
}

TEST_F(SqliteFile, SaysThatTheDatabaseIsDamaged) {
    Team team{.id = "team_a", .name = std::string(50'000, 'n'), .created_at = {}};
    {
        ASSERT_TRUE((*open_sqlite_store(path()))->accounts().create_team(team, {.tenant = "test"}));
    }
    {
        std::vector<int64_t> pages;
        {
            const auto file = database();
            Query roots(*file,
                        "SELECT rootpage FROM sqlite_schema WHERE name IN ('teams', 'keys')");
            while (*roots.next()) pages.push_back(roots.integer(0));
        }
        std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
        for (const int64_t page : pages) {
            file.seekp((page - 1) * 4096);
            file << std::string(4096, '\xff');
        }
    }
    const auto store = open_sqlite_store(path());
    ASSERT_TRUE(store) << "the schema is whole";
    const auto loaded = (*store)->for_each_hot_key([](const HotKey&) {});
    EXPECT_EQ(loaded.error().code, ErrorCode::StoreUnavailable);
    EXPECT_EQ(loaded.error().message, "The database is damaged: restore a backup.");
    EXPECT_EQ((*store)->accounts().get_team("team_a").error().code, ErrorCode::StoreUnavailable);
}

TEST_F(SqliteFile, SaysThatAnotherProcessHoldsIt) {
    {
        ASSERT_TRUE(open_sqlite_store(path()));
    }
    const auto other = database();
    ASSERT_TRUE(other->run("BEGIN IMMEDIATE"));
    const auto refused = Transaction::begin(*database());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::StoreUnavailable);
    EXPECT_EQ(refused.error().message, "The database is locked by another process.");
}

TEST_F(SqliteFile, AnIdempotencyKeyThatWasInFlightIsFreeAtTheNextStart) {
    IdempotencyRecord asked{.scope = "team_a credits.create",
                            .key = "payment-1",
                            .request_digest = sha256("a top-up"),
                            .created_at = TimePoint(std::chrono::hours(1))};
    {
        const auto killed = *open_sqlite_store(path());
        ASSERT_EQ(*killed->begin_idempotent(asked), std::nullopt);
    }
    IdempotencyRecord again = asked;
    again.created_at += kBriefly;
    const auto store = *open_sqlite_store(path());
    ASSERT_EQ(*store->begin_idempotent(again), std::nullopt);
    again.status = 201;
    ASSERT_TRUE(store->answer_idempotent(again));
    EXPECT_EQ((*(*open_sqlite_store(path()))->begin_idempotent(asked))->status, 201);
}

TEST_F(SqliteFile, SaysThatItIsFullAndKeepsWhatItHad) {
    {
        ASSERT_TRUE((*open_sqlite_store(path()))->put_setting("a", "kept"));
    }
    {
        const auto small = database();
        ASSERT_TRUE(small->run("PRAGMA max_page_count = 1"));  // as many as it has
        auto transaction = Transaction::begin(*small);
        ASSERT_TRUE(transaction);
        const auto refused = Query(*small,
                                   "INSERT INTO settings(name, value) VALUES ('b', ?1)",
                                   std::string(100'000, 'x'))
                                 .run();
        EXPECT_EQ(refused.error().code, ErrorCode::StoreUnavailable);
        EXPECT_EQ(refused.error().message, "The disk, or the database, is full.");
    }
    const auto store = open_sqlite_store(path());
    EXPECT_EQ((*store)->get_setting("a"), "kept");
    EXPECT_FALSE((*store)->get_setting("b"));
}

TEST_F(SqliteFile, SaysThatItIsReadOnly) {
    {
        ASSERT_TRUE(open_sqlite_store(path()));
    }
    const auto reader = Database::open(path(), Database::Mode::QueryOnly);
    const auto refused = (*reader)->run("INSERT INTO settings(name, value) VALUES ('a', 'b')");
    EXPECT_EQ(refused.error().message, "The database is read-only.");
    if (geteuid() == 0) return;  // whom no mode stops
    fs::permissions(path(), fs::perms(0400));
    EXPECT_EQ(complaint(), "The database may not be opened: check who owns the file and its mode.");
}

TEST_F(SqliteFile, ARowThatWeDidNotWriteIsDamageAndNotAGuess) {
    const auto store = open_sqlite_store(path());
    ASSERT_TRUE((*store)->accounts().create_team({.id = "team_a", .name = "A", .created_at = {}},
                                                 {.tenant = "test"}));
    const auto insert = [&](const char* id, const char* kind, const char* doc) {
        ASSERT_TRUE(database()->run(
            std::string("INSERT INTO keys(id, team, kind, status, version, created_at, "
                        "updated_at, name, doc) VALUES ('") +
            id + "', 1, " + kind + ", 0, 1, 0, 0, 'n', '" + doc + "')"));
    };
    insert("key_doc", "0", "{");
    insert("key_type", "0", R"({"created_by":"u","tags":"no list"})");
    EXPECT_TRUE((*store)->for_each_hot_key([](const HotKey&) {}));
    insert("key_kind", "9", R"({"created_by":"u"})");
    for (const char* id : {"key_doc", "key_type", "key_kind"}) {
        const auto got = (*store)->get_key("team_a", id);
        ASSERT_FALSE(got) << id;
        EXPECT_EQ(got.error().code, ErrorCode::StoreUnavailable);
    }
    EXPECT_FALSE((*store)->for_each_hot_key([](const HotKey&) {})) << "no kind by chance";
}

TEST_F(SqliteFile, ManyKeysComeOutEachWithItsOwnSecrets) {
    const auto store = open_sqlite_store(path());
    ASSERT_TRUE((*store)->accounts().create_team({.id = "team_a", .name = "A", .created_at = {}},
                                                 {.tenant = "test"}));
    {
        const auto filler = database();
        // Key n has n % 4 secrets; the digest of secret s of key n starts with s, then n.
        ASSERT_TRUE(filler->run(
            "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 20000) "
            "INSERT INTO keys(n, id, team, kind, status, version, created_at, updated_at, name, "
            "doc) SELECT n, 'key_' || n, 1, 0, 0, 1, n, n, 'k', '{\"created_by\":\"u\"}' FROM c; "
            "INSERT INTO secrets(key, seq, digest, created_at, id, format, display) "
            "SELECT n, s, CAST(printf('%d %-30d', s, n) AS BLOB), n, 's', 'keywarden', 'd' FROM "
            "keys "
            "JOIN (SELECT 1 AS s UNION SELECT 2 UNION SELECT 3) ON s <= n % 4"));
    }
    int64_t n = 0;
    ASSERT_TRUE((*store)->for_each_hot_key([&](const HotKey& key) {
        ++n;
        ASSERT_EQ(key.id, "key_" + std::to_string(n));
        ASSERT_EQ(key.secrets.size(), static_cast<size_t>(n % 4));
        for (size_t i = 0; i < key.secrets.size(); ++i) {
            const Digest& digest = key.secrets[i].digest;
            const std::string text(digest.begin(), digest.end());
            ASSERT_EQ(text[0] - '0', static_cast<int>(key.secrets.size() - i)) << "newest first";
            ASSERT_EQ(std::stoll(text.substr(2)), n);
        }
    }));
    EXPECT_EQ(n, 20'000);
}

// ---- migrations ------------------------------------------------------------------------------

constexpr Migration kSteps[] = {
    {"one", "CREATE TABLE one(a INTEGER) STRICT; INSERT INTO one VALUES (1)"},
    {"two", "CREATE TABLE two(a INTEGER) STRICT; INSERT INTO two SELECT a FROM one"},
    {"broken", "CREATE TABLE three(a INTEGER) STRICT; INSERT INTO no_such_table VALUES (1)"},
};

class SqliteMigrations : public SqliteFile {
protected:
    void SetUp() override { write(""); }

    Result<void> migrate_to(size_t steps) {
        const auto opened = database();
        return migrate(*opened, path(), std::span(kSteps).first(steps));
    }

    int64_t number(const char* sql) {
        const auto opened = database();
        Query query(*opened, sql);
        EXPECT_TRUE(query.next());
        return query.integer(0);
    }
};

TEST_F(SqliteMigrations, RunEachOnce) {
    ASSERT_TRUE(migrate_to(1));
    ASSERT_TRUE(migrate_to(2));
    ASSERT_TRUE(migrate_to(2));
    EXPECT_EQ(number("SELECT count(*) FROM one"), 1);
    EXPECT_EQ(number("SELECT count(*) FROM two"), 1);
    EXPECT_EQ(number("PRAGMA user_version"), 2);
}

TEST_F(SqliteMigrations, AStepThatFailsLeavesNothingBehindAndIsRunAgain) {
    ASSERT_TRUE(migrate_to(2));
    EXPECT_EQ(migrate_to(3).error().code, ErrorCode::StoreUnavailable);
    EXPECT_EQ(number("PRAGMA user_version"), 2);
    EXPECT_EQ(number("SELECT count(*) FROM sqlite_schema WHERE name = 'three'"), 0);
    ASSERT_TRUE(database()->run("CREATE TABLE no_such_table(a INTEGER)"));
    EXPECT_TRUE(migrate_to(3)) << "now it can";
    EXPECT_EQ(number("PRAGMA user_version"), 3);
}

TEST_F(SqliteMigrations, CopyADatabaseThatExistsAndOnlyThat) {
    ASSERT_TRUE(migrate_to(1));
    const auto backups = [&] {
        size_t count = 0;
        for (const auto& file : fs::directory_iterator(folder_)) {
            count += file.path().string().find(".before-") != std::string::npos ? 1U : 0U;
        }
        return count;
    };
    EXPECT_EQ(backups(), 0U) << "a new one has nothing to lose";
    ASSERT_TRUE(migrate_to(2));
    EXPECT_EQ(backups(), 1U);
    ASSERT_TRUE(migrate_to(2));
    EXPECT_EQ(backups(), 1U);

    const std::string backup = path() + ".before-v2";
    EXPECT_EQ(fs::status(backup).permissions() & fs::perms::mask, fs::perms(0600));
    const auto copy = Database::open(backup, Database::Mode::QueryOnly);
    Query query(**copy, "SELECT a FROM one");
    ASSERT_TRUE(*query.next());
    EXPECT_EQ(query.integer(0), 1);
    EXPECT_FALSE(Query(**copy, "SELECT * FROM two").next()) << "from before the step";
}

TEST_F(SqliteMigrations, AHalfMadeCopyIsMadeAgain) {
    ASSERT_TRUE(migrate_to(1));
    std::ofstream(path() + ".before-v2.tmp") << "half";
    ASSERT_TRUE(migrate_to(2));
    EXPECT_GT(fs::file_size(path() + ".before-v2"), 4000U);
    EXPECT_FALSE(fs::exists(path() + ".before-v2.tmp"));
}

TEST_F(SqliteMigrations, ANewerVersionsDatabaseIsRefused) {
    ASSERT_TRUE(migrate_to(2));
    const auto refused = migrate_to(1);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::StoreUnavailable);
    EXPECT_NE(refused.error().message.find("newer version of Keywarden"), std::string::npos);
    EXPECT_EQ(number("SELECT count(*) FROM two"), 1) << "and left as it is";
}

}  // namespace
}  // namespace keywarden
