// A store of each kind, fresh for each test, and keys to put in.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/id.h"
#include "store/open.h"

namespace keywarden {

/// A folder that goes when the test ends.
class TempFolder {
public:
    TempFolder() {
        std::string made = (std::filesystem::temp_directory_path() / "kw_test_XXXXXX").string();
        if (mkdtemp(made.data()) != nullptr) path_ = made;
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    ~TempFolder() { std::filesystem::remove_all(path_); }
    std::string operator/(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

inline constexpr KeyCaps kNoCaps{.active_keys_max = INT64_MAX, .creations_per_hour_max = INT64_MAX};
inline const TimePoint kNow = from_millis(1'795'173'342'123);

inline KeySecret a_secret(TimePoint at = kNow) {
    const std::string chance = new_id("sec");
    return {.id = chance,
            .format = "keywarden",
            .digest = sha256(chance),
            .display = "kw_live_" + chance + "…abcd",
            .created_at = at};
}

inline Key a_key(const std::string& team = "team_a", TimePoint at = kNow) {
    Key key;
    key.id = new_id("key");
    key.team_id = team;
    key.name = "a key";
    key.created_by = "user_1";
    key.created_at = at;
    key.updated_at = at;
    key.secrets = {a_secret(at)};
    return key;
}

/// Every promise of store.h is tested once, for each store.
class StoreContract : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        open();
        for (const char* team : {"team_a", "team_b"}) {
            ASSERT_TRUE(store_->accounts().create_team(
                {.id = team, .name = team, .created_at = kNow}, {.tenant = "test"}));
        }
    }

    void open() {
        store_.reset();
        auto opened = open_store(url());
        ASSERT_TRUE(opened) << opened.error().message << opened.error().detail;
        store_ = *std::move(opened);
    }

    /// A store that outlives its process.
    bool lasts() const { return std::string(GetParam()) != "memory:"; }

    std::string url() const { return lasts() ? GetParam() + (folder_ / "kw.db") : GetParam(); }

    Key created(Key key) {
        const auto done = store_->create_key(key, {kNoCaps, key.created_at});
        EXPECT_TRUE(done) << done.error().message << done.error().detail;
        return key;
    }

    Key created() { return created(a_key()); }

    TempFolder folder_;
    std::unique_ptr<Store> store_;
};

}  // namespace keywarden
