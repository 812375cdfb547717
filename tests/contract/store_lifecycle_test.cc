// What stores promise about the life of keys: networks, notices, answers that come later.
#include <chrono>
#include <string>
#include <vector>

#include "domain/key_notice.h"
#include "tests/contract/same_key.h"
#include "tests/contract/store_fixture.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

class StoreLifecycle : public StoreContract {
protected:
    void use(const Digest& digest, NetworkPrefix network, TimePoint at) {
        const SecretUse uses[] = {{.digest = digest, .at = at, .network = network}};
        ASSERT_TRUE(store_->record_uses(uses));
    }
    std::vector<SecretNetwork> networks(const Key& key, size_t secret = 0) {
        return store_->get_key("team_a", key.id)->secrets[secret].networks;
    }
};

INSTANTIATE_TEST_SUITE_P(Memory, StoreLifecycle, testing::Values("memory:"));
INSTANTIATE_TEST_SUITE_P(Sqlite, StoreLifecycle, testing::Values("sqlite:"));

const NetworkPrefix kHere = prefix_of(*parse_ip("192.0.2.9"));
const NetworkPrefix kThere = prefix_of(*parse_ip("2001:db8:1::9"));

TEST_P(StoreLifecycle, RemembersFromWhichNetworksASecretWasUsed) {
    Key key = a_key();
    key.secrets = {a_secret(), a_secret()};
    created(key);
    use(key.secrets[0].digest, kHere, kNow);
    use(key.secrets[0].digest, kThere, kNow + 1s);
    use(key.secrets[0].digest, kHere, kNow + 2s);
    use(key.secrets[0].digest, kHere, kNow - 1h);
    use(key.secrets[0].digest, {}, kNow + 9s);
    use(sha256("unknown"), kHere, kNow);
    const std::vector<SecretNetwork> expected = {{kHere, kNow + 2s, kNow - 1h},
                                                 {kThere, kNow + 1s, kNow + 1s}};
    EXPECT_EQ(networks(key), expected);
    EXPECT_TRUE(networks(key, 1).empty()) << "each secret has its own";
    EXPECT_EQ(store_->list_keys({.team_id = "team_a"})->keys[0].secrets[0].networks, expected);
    if (lasts()) open();
    EXPECT_EQ(networks(key), expected);
}

TEST_P(StoreLifecycle, KeepsTheLatestNetworksAndForgetsOldOnes) {
    const Key key = created();
    const Key other = created();
    use(other.secrets[0].digest, kThere, kNow - 1h);
    for (uint64_t i = 1; i <= kNetworksKeptMax + 3; ++i) {
        use(key.secrets[0].digest, {i}, kNow + std::chrono::seconds(i));
    }
    std::vector<SecretNetwork> kept = networks(key);
    ASSERT_EQ(kept.size(), kNetworksKeptMax);
    EXPECT_EQ(kept.front().network, NetworkPrefix{kNetworksKeptMax + 3});
    EXPECT_EQ(kept.back().network, NetworkPrefix{4});
    use(key.secrets[0].digest, kHere, kNow + kNetworksKept + 1h);
    const TimePoint late = kNow + kNetworksKept + 1h;
    EXPECT_EQ(networks(key), (std::vector<SecretNetwork>{{kHere, late, late}}));
}

TEST_P(StoreLifecycle, AChangeKeepsNetworksAndAForgottenSecretTakesItsOwnAlong) {
    Key key = a_key();
    key.secrets = {a_secret(), a_secret()};
    created(key);
    const Digest forgotten = key.secrets[1].digest;
    use(key.secrets[0].digest, kHere, kNow);
    use(forgotten, kThere, kNow);
    Key next = key;  // of before the uses
    next.version = 2;
    next.secrets.pop_back();
    ASSERT_TRUE(store_->update_key(next, {kNoCaps, kNow}));
    EXPECT_EQ(networks(key).size(), 1U);
    next.version = 3;
    next.secrets.push_back(a_secret());
    next.secrets.back().digest = forgotten;
    ASSERT_TRUE(store_->update_key(next, {kNoCaps, kNow}));
    EXPECT_TRUE(networks(key, 1).empty());
}

TEST_P(StoreLifecycle, ListsWhatIsWorthANotice) {
    constexpr KeyNotice kNotice{.unused_after = days(90), .ahead = days(14)};
    const auto old_key = [](const char* name, TimePoint made) {
        Key key = a_key("team_a", made);
        key.name = name;
        return key;
    };
    std::vector<Key> keys;
    keys.push_back(old_key("unused", kNow - days(90)));
    keys.push_back(old_key("used", kNow - days(200)));
    keys.push_back(old_key("young", kNow - days(90) + 1ms));
    keys.push_back(old_key("revoked", kNow - days(200)));
    keys.back().status = KeyStatus::Revoked;
    keys.push_back(old_key("expired", kNow - days(200)));
    keys.back().expires_at = kNow;
    keys.push_back(old_key("expiring", kNow));
    keys.back().expires_at = kNow + days(14);
    keys.push_back(old_key("lasting", kNow));
    keys.back().expires_at = kNow + days(14) + 1ms;
    for (const auto& [name, age] : {std::pair("rotation ok", days(75)),
                                    std::pair("rotation due", days(76)),
                                    std::pair("rotation overdue", days(90))}) {
        keys.push_back(old_key(name, kNow - days(1)));
        keys.back().secrets = {a_secret(kNow - age), a_secret(kNow - days(500))};
        keys.back().rotate_every = days(90);
    }
    keys.push_back(old_key("of a week", kNow - days(6)));
    keys.back().rotate_every = days(8);
    for (Key& key : keys) created(key);
    use(keys[1].secrets[0].digest, {}, kNow - days(90) + 1s);

    const auto names = [&](KeyQuery query) {
        query.notice = kNotice;
        query.now = kNow;
        query.limit = 100;
        std::vector<std::string> out;
        for (const Key& key : store_->list_keys(query)->keys) out.insert(out.begin(), key.name);
        return out;
    };
    using Names = std::vector<std::string>;
    EXPECT_EQ(names({.team_id = "team_a", .unused = true}), (Names{"unused"}));
    EXPECT_EQ(names({.team_id = "team_a", .expires_soon = true}), (Names{"expiring"}));
    EXPECT_EQ(names({.team_id = "team_a", .rotation = RotationState::Ok}), (Names{"rotation ok"}));
    EXPECT_EQ(names({.team_id = "team_a", .rotation = RotationState::Due}),
              (Names{"rotation due", "of a week"}));
    EXPECT_EQ(names({.team_id = "team_a", .rotation = RotationState::Overdue}),
              (Names{"rotation overdue"}));
    EXPECT_EQ(names({.team_id = "team_a", .rotation = RotationState::Due, .unused = true}),
              Names{});
    EXPECT_EQ(names({.team_id = "team_a", .state = KeyState::Revoked, .unused = true}), Names{});
    EXPECT_EQ(names({.team_id = "team_a"}).size(), keys.size());
    for (const Key& key : keys) {
        EXPECT_EQ(store_->get_key("team_a", key.id)->rotate_every, key.rotate_every);
    }
}

TEST_P(StoreLifecycle, AReminderIsChangedLikeAnyField) {
    Key key = created();
    key.version = 2;
    key.rotate_every = days(30);
    ASSERT_TRUE(store_->update_key(key, {kNoCaps, kNow}));
    EXPECT_EQ(store_->get_key("team_a", key.id)->rotate_every, days(30));
    key.version = 3;
    key.rotate_every.reset();
    ASSERT_TRUE(store_->update_key(key, {kNoCaps, kNow}));
    EXPECT_EQ(store_->get_key("team_a", key.id)->rotate_every, std::nullopt);
}

TEST_P(StoreLifecycle, AnAnswerMayComeAfterWhatItIsAbout) {
    const IdempotencyRecord asked{.scope = "team_a keys.import",
                                  .key = "k",
                                  .request_digest = sha256("body"),
                                  .created_at = kNow};
    IdempotencyRecord answer = asked;
    answer.status = 200;
    answer.body = "{}";
    EXPECT_EQ(store_->answer_idempotent(answer).error().code, ErrorCode::IdempotencyInProgress);
    ASSERT_EQ(*store_->begin_idempotent(asked), std::nullopt);
    ASSERT_TRUE(store_->answer_idempotent(answer));
    EXPECT_EQ((*store_->begin_idempotent(asked))->status, 200);
    EXPECT_FALSE(store_->answer_idempotent(answer)) << "once";
}

}  // namespace
}  // namespace keywarden
