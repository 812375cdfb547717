// An id is new once: whether the call is of this batch, of one before, or of another process.
#include "store/sqlite/seen_ids.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "domain/call_id.h"
#include "store/sqlite/sqlite_store.h"

namespace keywarden {
namespace {

namespace fs = std::filesystem;

const TimePoint kNow = from_millis(1'795'173'342'123);

CallId an_id(TimePoint at) { return *call_id_of(new_request_id(at).view()); }

class SeenIdsTest : public testing::Test {
protected:
    SeenIdsTest() {
        std::string made = (fs::temp_directory_path() / "kw_seen_XXXXXX").string();
        folder_ = mkdtemp(made.data());
        const std::string path = (folder_ / "kw.db").string();
        store_ = *open_sqlite_store(path);
        database_ = *Database::open(path, Database::Mode::QueryOnly);
    }
    ~SeenIdsTest() override { fs::remove_all(folder_); }

    void write(const CallId& id) {
        const CallRecord call{.id = id, .admitted_at = kNow, .ended_at = kNow, .team_id = "team_1"};
        EXPECT_TRUE(store_->usage().apply(std::span(&call, 1), {}));
    }
    bool is_new(const CallId& id) { return *ids_.add(*database_, id); }

    fs::path folder_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Database> database_;
    SeenIds ids_;
};

TEST_F(SeenIdsTest, WhatIsInTheDatabaseIsNotNew) {
    const CallId written = an_id(kNow);
    const CallId beside = an_id(kNow);
    write(written);
    EXPECT_FALSE(is_new(written));
    EXPECT_TRUE(is_new(beside)) << "of the same moment";
    EXPECT_FALSE(is_new(beside));
    EXPECT_FALSE(is_new(written));
}

TEST_F(SeenIdsTest, WhatWasUndoneIsNewAgain) {
    const CallId id = an_id(kNow);
    EXPECT_TRUE(is_new(id));
    ids_.forget();
    EXPECT_TRUE(is_new(id));
}

TEST_F(SeenIdsTest, WhatIsLetGoOfIsFoundAgain) {
    const CallId written = an_id(kNow);
    write(written);
    EXPECT_FALSE(is_new(written));
    ids_.trim();
    const TimePoint later = kNow + std::chrono::minutes(1);
    const CallId kept = an_id(later);
    EXPECT_TRUE(is_new(kept));
    for (int i = 0; i < 100'001; ++i) EXPECT_TRUE(is_new(an_id(later)));
    ids_.trim();
    EXPECT_FALSE(is_new(kept)) << "the batch was near it; and the database does not have it";
    write(an_id(kNow));
    const CallId again = an_id(kNow);
    write(again);
    EXPECT_FALSE(is_new(again)) << "its slice was let go of, and is read anew";
    EXPECT_FALSE(is_new(written));
}

}  // namespace
}  // namespace keywarden
