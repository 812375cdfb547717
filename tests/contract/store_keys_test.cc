#include <map>

#include "tests/contract/same_key.h"
#include "tests/contract/store_fixture.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

Key a_full_key() {
    Key key = a_key();
    key.name = "naïve — \"quoted\" \xF0\x9F\x94\x91";
    key.description = "line\nline";
    key.kind = KeyKind::Management;
    key.status = KeyStatus::Disabled;
    key.not_before = kNow + 1ms;
    key.expires_at = kNow + 2ms;
    key.rate_limit_rpm = 7;
    key.policy.tool_selection.keep_max = 3;
    key.policy.tools.allow = {*Glob::parse("search"), *Glob::parse("read_*")};
    key.policy.tools.deny = {*Glob::parse_any("drop täble")};
    key.metadata = {{"z", "1"}, {"a", ""}};
    key.tags = {"prod", "eu"};
    key.revoked_at = kNow + 3ms;
    key.secrets[0].grace = 90s;
    key.secrets[0].ends_at = kNow + 4ms;
    key.secrets[0].first_used_at = kNow + 5ms;
    key.secrets[0].last_used_at = kNow + 6ms;
    key.secrets.push_back(a_secret());
    return key;
}

TEST_P(StoreContract, GivesBackAKeyAsItWasGiven) {
    for (const Key& key : {a_key(), a_full_key()}) {
        created(key);
        const auto got = store_->get_key("team_a", key.id);
        ASSERT_TRUE(got) << got.error().detail;
        expect_same(*got, key);
    }
}

TEST_P(StoreContract, RoundsMomentsDownToMilliseconds) {
    Key key = a_key();
    key.expires_at = kNow + 1'999'999ns;
    created(key);
    EXPECT_EQ(store_->get_key("team_a", key.id)->expires_at, kNow + 1ms);
}

TEST_P(StoreContract, AnEmptyToolListIsNotAnAbsentOne) {
    Key key = a_key();
    key.policy.tools.allow.emplace();
    created(key);
    const Key got = *store_->get_key("team_a", key.id);
    ASSERT_TRUE(got.policy.tools.allow);
    EXPECT_TRUE(got.policy.tools.allow->empty());
    EXPECT_TRUE(got.policy.tools.deny.empty());
}

TEST_P(StoreContract, AnotherTeamsKeyIsNotThere) {
    const Key key = created();
    Key stolen = key;
    stolen.team_id = "team_b";
    stolen.version = 2;
    EXPECT_EQ(store_->get_key("team_b", key.id).error().code, ErrorCode::NotFound);
    EXPECT_EQ(store_->update_key(stolen, {kNoCaps, kNow}).error().code, ErrorCode::NotFound);
    EXPECT_EQ(store_->get_key("team_a", "key_none").error().code, ErrorCode::NotFound);
    EXPECT_TRUE(store_->list_keys({.team_id = "team_b"})->keys.empty());
    EXPECT_EQ(store_->list_keys({.team_id = "team_b", .after = key.id}).error().code,
              ErrorCode::InvalidRequest);
}

TEST_P(StoreContract, AKeyNeedsItsTeam) {
    EXPECT_EQ(store_->create_key(a_key("team_none"), {kNoCaps, kNow}).error().code,
              ErrorCode::NotFound);
}

TEST_P(StoreContract, RefusesAnIdOrADigestThatIsThere) {
    const Key key = created();
    Key same_id = a_key();
    same_id.id = key.id;
    EXPECT_EQ(store_->create_key(same_id, {kNoCaps, kNow}).error().code, ErrorCode::InvalidRequest);
    Key same_digest = a_key("team_b");
    same_digest.secrets[0].digest = key.secrets[0].digest;
    EXPECT_EQ(store_->create_key(same_digest, {kNoCaps, kNow}).error().code,
              ErrorCode::InvalidRequest);
    EXPECT_EQ(store_->get_key("team_b", same_digest.id).error().code, ErrorCode::NotFound);

    Key other = created();
    other.version = 2;
    other.secrets.push_back(key.secrets[0]);
    EXPECT_EQ(store_->update_key(other, {kNoCaps, kNow}).error().code, ErrorCode::InvalidRequest);
    EXPECT_EQ(store_->get_key("team_a", other.id)->secrets.size(), 1U);
}

TEST_P(StoreContract, AnUpdateReplacesAllButWhatIsFixed) {
    Key key = created();
    Key next = a_full_key();
    next.id = key.id;
    next.version = 2;
    next.created_at = kNow + 1h;
    ASSERT_TRUE(store_->update_key(next, {kNoCaps, kNow}));
    next.created_at = key.created_at;
    expect_same(*store_->get_key("team_a", key.id), next);
}

TEST_P(StoreContract, OnlyTheNextVersionIsTaken) {
    Key key = created();
    for (const int64_t version : {0, 1, 3}) {
        key.version = version;
        EXPECT_EQ(store_->update_key(key, {kNoCaps, kNow}).error().code, ErrorCode::VersionMismatch)
            << version;
    }
    key.version = 2;
    EXPECT_TRUE(store_->update_key(key, {kNoCaps, kNow}));
    EXPECT_EQ(store_->update_key(key, {kNoCaps, kNow}).error().code, ErrorCode::VersionMismatch);
}

TEST_P(StoreContract, ListsNewestFirstPageByPage) {
    std::vector<std::string> ids;
    for (int i = 0; i < 7; ++i) {
        ids.insert(ids.begin(), created().id);
        created(a_key("team_b"));
    }
    std::vector<std::string> seen;
    KeyQuery query{.team_id = "team_a", .limit = 3};
    std::vector<size_t> sizes;
    do {
        const auto page = store_->list_keys(query);
        ASSERT_TRUE(page);
        for (const Key& key : page->keys) seen.push_back(key.id);
        sizes.push_back(page->keys.size());
        query.after = page->next;
    } while (!query.after.empty());
    EXPECT_EQ(seen, ids);
    EXPECT_EQ(sizes, (std::vector<size_t>{3, 3, 1}));
}

TEST_P(StoreContract, AFullLastPageHasNoNext) {
    for (int i = 0; i < 3; ++i) created();
    EXPECT_EQ(store_->list_keys({.team_id = "team_a", .limit = 3})->next, "");
}

TEST_P(StoreContract, APageIsNotDisturbedByNewKeys) {
    const Key old = created();
    const Key middle = created();
    const auto first = store_->list_keys({.team_id = "team_a", .limit = 1});
    ASSERT_EQ(first->next, middle.id);
    created();
    const auto second = store_->list_keys({.team_id = "team_a", .after = first->next, .limit = 1});
    ASSERT_EQ(second->keys.size(), 1U);
    EXPECT_EQ(second->keys[0].id, old.id);
}

TEST_P(StoreContract, ListsOnlyWhatIsInOneStateNow) {
    std::map<KeyState, std::string> ids;
    for (const KeyStatus status :
         {KeyStatus::Active, KeyStatus::Disabled, KeyStatus::Quarantined, KeyStatus::Revoked}) {
        Key key = a_key();
        key.status = status;
        ids[static_cast<KeyState>(status)] = key.id;
        created(key);
    }
    Key expired = a_key();
    expired.expires_at = kNow;
    ids[KeyState::Expired] = expired.id;
    created(expired);
    Key pending = a_key();
    pending.not_before = kNow + 1ms;
    ids[KeyState::Pending] = pending.id;
    created(pending);
    for (const auto& [state, id] : ids) {
        const auto page = store_->list_keys({.team_id = "team_a", .state = state, .now = kNow});
        ASSERT_EQ(page->keys.size(), 1U) << name(state);
        EXPECT_EQ(page->keys[0].id, id) << name(state);
    }
    const auto later =
        store_->list_keys({.team_id = "team_a", .state = KeyState::Active, .now = kNow + 1ms});
    EXPECT_EQ(later->keys.size(), 2U) << "what was pending";
}

TEST_P(StoreContract, CountsKeysThatAreNeitherRevokedNorExpired) {
    EXPECT_EQ(store_->count_active_keys("team_a", kNow), 0);
    for (const KeyStatus status : {KeyStatus::Active, KeyStatus::Disabled, KeyStatus::Revoked}) {
        Key key = a_key();
        key.status = status;
        created(key);
    }
    Key ending = a_key();
    ending.expires_at = kNow + 1ms;
    created(ending);
    created(a_key("team_b"));
    EXPECT_EQ(store_->count_active_keys("team_a", kNow), 3);
    EXPECT_EQ(store_->count_active_keys("team_a", kNow + 1ms), 2);
    EXPECT_EQ(store_->count_active_keys("team_none", kNow), 0);
}

TEST_P(StoreContract, FindsKeysByNameIdAndHowTheyAreShown) {
    Key billing = a_key();
    billing.name = "Billing 100% \xc3\x84";
    const Key first = created(billing);
    Key search = a_key();
    search.name = "search_indexer";
    search.secrets.front().display = "kw_live_abc…WXYZ";
    const Key second = created(search);
    created(a_key("team_b"));
    const auto found = [&](const std::string& text) {
        std::string ids;
        for (const Key& key : store_->list_keys({.team_id = "team_a", .search = text})->keys) {
            ids += key.id == first.id ? "1" : "2";
        }
        return ids;
    };
    EXPECT_EQ(found(""), "21");
    EXPECT_EQ(found("bill"), "1");
    EXPECT_EQ(found("BILLING 100%"), "1");
    EXPECT_EQ(found("\xc3\x84"), "1");
    EXPECT_EQ(found("h_i"), "2") << "no pattern, but text";
    EXPECT_EQ(found("b%l"), "");
    EXPECT_EQ(found("wxyz"), "2");
    EXPECT_EQ(found(second.id), "2");
    EXPECT_EQ(found("' OR 1=1 --"), "");
}

TEST_P(StoreContract, RefusesACursorThatIsNone) {
    created();
    for (const char* cursor : {"key_none", "1", "'; DROP TABLE keys; --"}) {
        EXPECT_EQ(store_->list_keys({.team_id = "team_a", .after = cursor}).error().code,
                  ErrorCode::InvalidRequest)
            << cursor;
    }
}

TEST_P(StoreContract, HandsOutEveryKeysHotColumns) {
    std::map<std::string, Key> keys;
    for (const Key& key : {a_key(), a_full_key(), a_key("team_b")}) keys[key.id] = created(key);
    size_t seen = 0;
    ASSERT_TRUE(store_->for_each_hot_key([&](const HotKey& hot) {
        ++seen;
        const Key& key = keys.at(std::string(hot.id));
        EXPECT_EQ(hot.team_id, key.team_id);
        EXPECT_EQ(hot.kind, key.kind);
        EXPECT_EQ(hot.status, key.status);
        EXPECT_EQ(hot.not_before, key.not_before);
        EXPECT_EQ(hot.expires_at, key.expires_at);
        EXPECT_EQ(hot.rate_limit_rpm, key.rate_limit_rpm);
        EXPECT_EQ(hot.version, key.version);
        ASSERT_EQ(hot.secrets.size(), key.secrets.size());
        for (size_t i = 0; i < key.secrets.size(); ++i) {
            EXPECT_EQ(hot.secrets[i].digest, key.secrets[i].digest);
            EXPECT_EQ(hot.secrets[i].created_at, key.secrets[i].created_at);
            EXPECT_EQ(hot.secrets[i].grace, key.secrets[i].grace);
            EXPECT_EQ(hot.secrets[i].ends_at, key.secrets[i].ends_at);
            EXPECT_EQ(hot.secrets[i].used, key.secrets[i].first_used_at.has_value());
        }
    }));
    EXPECT_EQ(seen, keys.size());
}

TEST_P(StoreContract, RemembersAcrossAStart) {
    if (!lasts()) GTEST_SKIP() << "a memory store forgets";
    const Key key = created(a_full_key());
    ASSERT_TRUE(store_->put_setting("instance_id", "x"));
    open();
    expect_same(*store_->get_key("team_a", key.id), key);
    EXPECT_EQ(*store_->get_setting("instance_id"), "x");
    EXPECT_EQ(store_->accounts().get_team("team_a")->name, "team_a");
}

}  // namespace
}  // namespace keywarden
