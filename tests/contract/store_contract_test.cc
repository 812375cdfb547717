// The stores that are held to the suite, and its smaller promises. Adding a store: a line here.
#include <atomic>
#include <thread>
#include <vector>

#include "tests/contract/same_key.h"
#include "tests/contract/store_fixture.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

INSTANTIATE_TEST_SUITE_P(Memory, StoreContract, testing::Values("memory:"));
INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract, testing::Values("sqlite:"));

constexpr KeyCaps kCaps{.active_keys_max = 3, .creations_per_hour_max = 5};

TEST_P(StoreContract, RemembersSettings) {
    EXPECT_EQ(store_->get_setting("operator").error().code, ErrorCode::NotFound);
    ASSERT_TRUE(store_->put_setting("operator", "one"));
    ASSERT_TRUE(store_->put_setting("operator", ""));
    EXPECT_EQ(store_->get_setting("operator"), "");
}

TEST_P(StoreContract, AllowsNoActiveKeyTooMany) {
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(store_->create_key(a_key(), {kCaps, kNow}));
    const auto refused = store_->create_key(a_key(), {kCaps, kNow});
    EXPECT_EQ(refused.error().code, ErrorCode::ApiKeyLimitReached);
    EXPECT_TRUE(store_->create_key(a_key("team_b"), {kCaps, kNow})) << "another team's cap";
    EXPECT_EQ(store_->list_keys({.team_id = "team_a"})->keys.size(), 3U);
}

TEST_P(StoreContract, RevokedAndExpiredKeysAreNotActive) {
    std::vector<Key> keys;
    for (int i = 0; i < 3; ++i) {
        Key key = a_key("team_a", kNow - 2h);
        if (i == 1) key.expires_at = kNow;
        keys.push_back(created(key));
    }
    EXPECT_EQ(store_->create_key(a_key(), {kCaps, kNow - 1ms}).error().code,
              ErrorCode::ApiKeyLimitReached);
    EXPECT_TRUE(store_->create_key(a_key(), {kCaps, kNow})) << "one has just expired";
    EXPECT_FALSE(store_->create_key(a_key(), {kCaps, kNow}));

    keys[0].status = KeyStatus::Disabled;
    keys[0].version = 2;
    ASSERT_TRUE(store_->update_key(keys[0], {kNoCaps, kNow}));
    EXPECT_FALSE(store_->create_key(a_key(), {kCaps, kNow})) << "a disabled key still counts";

    keys[0].status = KeyStatus::Revoked;
    keys[0].version = 3;
    ASSERT_TRUE(store_->update_key(keys[0], {kNoCaps, kNow}));
    EXPECT_TRUE(store_->create_key(a_key(), {kCaps, kNow}));
}

TEST_P(StoreContract, AllowsSoManyCreationsAnHourAndSaysWhenTheNext) {
    constexpr KeyCaps kRate{.active_keys_max = 100, .creations_per_hour_max = 2};
    ASSERT_TRUE(store_->create_key(a_key("team_a", kNow), {kRate, kNow}));
    ASSERT_TRUE(store_->create_key(a_key("team_a", kNow + 10min), {kRate, kNow + 10min}));
    const auto refused = store_->create_key(a_key(), {kRate, kNow + 20min});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::KeyCreationRateExceeded);
    EXPECT_EQ(refused.error().retry_after, 40min);
    EXPECT_FALSE(store_->create_key(a_key(), {kRate, kNow + 1h - 1ms}));
    EXPECT_TRUE(store_->create_key(a_key("team_a", kNow + 1h), {kRate, kNow + 1h}));
}

TEST_P(StoreContract, ARevokedKeyStillCountsForTheRate) {
    constexpr KeyCaps kRate{.active_keys_max = 1, .creations_per_hour_max = 1};
    Key key = created();
    EXPECT_EQ(store_->create_key(a_key(), {kRate, kNow}).error().code,
              ErrorCode::ApiKeyLimitReached)
        << "the cap is looked at before the rate";
    key.status = KeyStatus::Revoked;
    key.version = 2;
    ASSERT_TRUE(store_->update_key(key, {kNoCaps, kNow}));
    EXPECT_EQ(store_->create_key(a_key(), {kRate, kNow}).error().code,
              ErrorCode::KeyCreationRateExceeded);
}

TEST_P(StoreContract, AnExpiredKeyComesBackOnlyUnderTheCap) {
    Key expired = a_key("team_a", kNow - 2h);
    expired.expires_at = kNow;
    created(expired);
    Key other = created();
    for (int i = 0; i < 2; ++i) created();
    const auto update = [&](Key& key, TimePoint now = kNow) {
        ++key.version;
        const auto done = store_->update_key(key, {kCaps, now});
        if (!done) --key.version;
        return done ? ErrorCode::kCount : done.error().code;
    };
    expired.name = "renamed";
    EXPECT_EQ(update(expired), ErrorCode::kCount) << "it stays expired";
    expired.expires_at = kNow + 1h;
    EXPECT_EQ(update(expired), ErrorCode::ApiKeyLimitReached);
    expired.expires_at.reset();
    EXPECT_EQ(update(expired), ErrorCode::ApiKeyLimitReached);
    EXPECT_EQ(store_->get_key("team_a", expired.id)->expires_at, kNow) << "nothing happened";
    other.expires_at = kNow + 1h;
    EXPECT_EQ(update(other), ErrorCode::kCount) << "an active one may change at the cap";
    other.status = KeyStatus::Revoked;
    EXPECT_EQ(update(other), ErrorCode::kCount);
    EXPECT_EQ(update(expired), ErrorCode::kCount) << "there is room, whatever the rate";
}

TEST_P(StoreContract, RacingCreatorsAndRevivalsNeverExceedTheCap) {
    constexpr KeyCaps kTen{.active_keys_max = 10, .creations_per_hour_max = 1000};
    std::vector<Key> expired;
    for (int i = 0; i < 16; ++i) {
        Key key = a_key("team_a", kNow - 2h);
        key.expires_at = kNow - 1h;
        expired.push_back(created(key));
    }
    std::atomic<int> active = 0;
    {
        std::vector<std::jthread> threads;
        for (size_t i = 0; i < 8; ++i) {
            threads.emplace_back([&, i] {
                for (const size_t which : {2 * i, 2 * i + 1}) {
                    Key next = expired[which];
                    next.version = 2;
                    next.expires_at.reset();
                    if (store_->update_key(next, {kTen, kNow})) ++active;
                    if (store_->create_key(a_key(), {kTen, kNow})) ++active;
                }
            });
        }
    }
    EXPECT_EQ(active, 10);
}

TEST_P(StoreContract, RacingCreatorsNeverExceedTheCap) {
    constexpr KeyCaps kTen{.active_keys_max = 10, .creations_per_hour_max = 1000};
    std::atomic<int> made = 0;
    {
        std::vector<std::jthread> creators;
        for (int i = 0; i < 8; ++i) {
            creators.emplace_back([&] {
                for (int tries = 0; tries < 5; ++tries) {
                    const auto done = store_->create_key(a_key(), {kTen, kNow});
                    if (done) ++made;
                    if (!done) EXPECT_EQ(done.error().code, ErrorCode::ApiKeyLimitReached);
                }
            });
        }
    }
    EXPECT_EQ(made, 10);
    EXPECT_EQ(store_->list_keys({.team_id = "team_a", .limit = 100})->keys.size(), 10U);
}

TEST_P(StoreContract, OfRacingUpdatesExactlyOneWinsEachVersion) {
    const Key key = created();
    std::atomic<int> won = 0;
    {
        std::vector<std::jthread> updaters;
        for (int i = 0; i < 8; ++i) {
            updaters.emplace_back([&, i] {
                for (int64_t version = 2; version < 12; ++version) {
                    Key next = key;
                    next.version = version;
                    next.name = std::to_string(i);
                    if (store_->update_key(next, {kNoCaps, kNow})) ++won;
                }
            });
        }
    }
    EXPECT_EQ(store_->get_key("team_a", key.id)->version, 1 + won);
    EXPECT_GE(won, 1);
    EXPECT_LE(won, 10);
}

TEST_P(StoreContract, AUseMovesOnlyForward) {
    const Key key = created();
    const Digest digest = key.secrets[0].digest;
    const auto use = [&](TimePoint at) {
        const SecretUse uses[] = {{.digest = sha256("unknown"), .at = at},
                                  {.digest = digest, .at = at}};
        ASSERT_TRUE(store_->record_uses(uses));
    };
    use(kNow + 2s);
    use(kNow + 1s);
    KeySecret secret = store_->get_key("team_a", key.id)->secrets[0];
    EXPECT_EQ(secret.first_used_at, kNow + 2s);
    EXPECT_EQ(secret.last_used_at, kNow + 2s);
    use(kNow + 3s);
    secret = store_->get_key("team_a", key.id)->secrets[0];
    EXPECT_EQ(secret.first_used_at, kNow + 2s);
    EXPECT_EQ(secret.last_used_at, kNow + 3s);
}

TEST_P(StoreContract, TheFirstUseOfASecretStartsTheGraceOfTheOlderOnes) {
    Key key = a_key();
    key.secrets = {a_secret(), a_secret(), a_secret(), a_secret()};
    key.secrets[1].grace = 60s;
    key.secrets[2].grace = 0s;
    key.secrets[3].ends_at = kNow - 1h;
    key.secrets[3].grace = 60s;
    created(key);
    const auto use = [&](size_t which, TimePoint at) {
        const SecretUse uses[] = {{.digest = key.secrets[which].digest, .at = at}};
        ASSERT_TRUE(store_->record_uses(uses));
        key = *store_->get_key("team_a", key.id);
    };
    use(1, kNow);
    EXPECT_EQ(key.secrets[1].ends_at, std::nullopt) << "the newer one has not been used";
    EXPECT_EQ(key.secrets[2].ends_at, kNow) << "older than the one used";
    use(0, kNow + 5s);
    EXPECT_EQ(key.secrets[0].ends_at, std::nullopt);
    EXPECT_EQ(key.secrets[1].ends_at, kNow + 65s);
    EXPECT_EQ(key.secrets[2].ends_at, kNow) << "its grace had begun";
    EXPECT_EQ(key.secrets[3].ends_at, kNow - 1h) << "it had ended already";
    use(0, kNow + 9s);
    EXPECT_EQ(key.secrets[1].ends_at, kNow + 65s) << "only the first use counts";
    EXPECT_EQ(key.version, 1) << "a use is no change";
}

TEST_P(StoreContract, AGraceBeginsNoEarlierThanTheSecretThatEndsItAndOnlyShortens) {
    Key key = a_key();
    key.secrets = {a_secret(kNow), a_secret(), a_secret()};
    key.secrets[1].grace = 60s;
    key.secrets[1].ends_at = kNow + 24h;
    key.secrets[2].grace = 60s;
    key.secrets[2].ends_at = kNow + 10s;
    created(key);
    const SecretUse uses[] = {{.digest = key.secrets[0].digest, .at = kNow - 1h}};
    ASSERT_TRUE(store_->record_uses(uses));
    key = *store_->get_key("team_a", key.id);
    EXPECT_EQ(key.secrets[1].ends_at, kNow + 60s) << "the clock had been set back";
    EXPECT_EQ(key.secrets[2].ends_at, kNow + 10s);
}

TEST_P(StoreContract, WhatHasEndedHasEnded) {
    Key key = a_key();
    key.secrets = {a_secret(), a_secret()};
    created(key);
    const Key stale = *store_->get_key("team_a", key.id);
    ASSERT_TRUE(store_->end_secrets({}));
    const Digest ended[] = {sha256("unknown"), key.secrets[1].digest};
    ASSERT_TRUE(store_->end_secrets(ended));
    const auto expect_ended = [&] {
        const Key got = *store_->get_key("team_a", key.id);
        EXPECT_FALSE(got.secrets[0].ended);
        EXPECT_TRUE(got.secrets[1].ended);
        std::vector<bool> hot;
        ASSERT_TRUE(store_->for_each_hot_key([&](const HotKey& each) {
            for (const HotSecret& secret : each.secrets) hot.push_back(secret.ended);
        }));
        EXPECT_EQ(hot, (std::vector<bool>{false, true}));
    };
    expect_ended();
    Key next = stale;
    next.version = 2;
    ASSERT_TRUE(store_->update_key(next, {kNoCaps, kNow}));
    expect_ended();
    if (lasts()) open();
    expect_ended();
}

TEST_P(StoreContract, AnUpdateDoesNotUndoWhatUsesWroteMeanwhile) {
    Key key = a_key();
    key.secrets = {a_secret(), a_secret()};
    key.secrets[1].grace = 60s;
    created(key);
    const Key stale = *store_->get_key("team_a", key.id);
    const SecretUse uses[] = {{.digest = key.secrets[0].digest, .at = kNow}};
    ASSERT_TRUE(store_->record_uses(uses));
    Key next = stale;
    next.version = 2;
    next.name = "renamed";
    ASSERT_TRUE(store_->update_key(next, {kNoCaps, kNow}));
    const Key got = *store_->get_key("team_a", key.id);
    EXPECT_EQ(got.name, "renamed");
    EXPECT_EQ(got.secrets[0].last_used_at, kNow);
    EXPECT_EQ(got.secrets[0].first_used_at, kNow);
    EXPECT_EQ(got.secrets[1].ends_at, kNow + 60s);
}

IdempotencyRecord a_record(TimePoint at = kNow) {
    return {.scope = "team_a POST /v1/account/keys",
            .key = "retry-1",
            .request_digest = sha256("body"),
            .created_at = at};
}

TEST_P(StoreContract, AnIdempotencyKeyIsReservedOnceAndThenAnswered) {
    IdempotencyRecord record = a_record();
    auto begun = store_->begin_idempotent(record);
    ASSERT_TRUE(begun);
    EXPECT_EQ(*begun, std::nullopt);
    begun = store_->begin_idempotent(record);
    ASSERT_TRUE(begun && *begun);
    EXPECT_EQ((*begun)->status, 0) << "in flight";

    record.status = 201;
    record.body = R"({"id":"key_1"})";
    ASSERT_TRUE(store_->create_key(a_key(), {kCaps, kNow, &record}));
    IdempotencyRecord other = a_record(kNow + 23h);
    other.request_digest = sha256("other body");
    begun = store_->begin_idempotent(other);
    ASSERT_TRUE(begun && *begun);
    EXPECT_EQ((*begun)->status, 201);
    EXPECT_EQ((*begun)->body, record.body);
    EXPECT_EQ((*begun)->request_digest, sha256("body")) << "so that a mismatch can be told";
    EXPECT_EQ((*begun)->created_at, kNow);

    other.scope = "team_b POST /v1/account/keys";
    EXPECT_EQ(*store_->begin_idempotent(other), std::nullopt);
}

TEST_P(StoreContract, AFailedRequestFreesItsIdempotencyKey) {
    ASSERT_TRUE(store_->begin_idempotent(a_record()));
    ASSERT_TRUE(store_->free_idempotent(a_record()));
    EXPECT_EQ(*store_->begin_idempotent(a_record()), std::nullopt);
}

TEST_P(StoreContract, IdempotencyKeysLapse) {
    IdempotencyRecord record = a_record();
    ASSERT_TRUE(store_->begin_idempotent(record));
    EXPECT_TRUE(*store_->begin_idempotent(a_record(kNow + kIdempotencyFlightMax - 1ms)));
    EXPECT_EQ(*store_->begin_idempotent(a_record(kNow + kIdempotencyFlightMax)), std::nullopt)
        << "the process that had it in flight has died";

    const TimePoint taken = kNow + kIdempotencyFlightMax;
    record.status = 201;
    record.created_at = taken;
    ASSERT_TRUE(store_->create_key(a_key(), {kCaps, kNow, &record}));
    EXPECT_TRUE(*store_->begin_idempotent(a_record(taken + kIdempotencyKept - 1ms)));
    EXPECT_EQ(*store_->begin_idempotent(a_record(taken + kIdempotencyKept)), std::nullopt);
}

TEST_P(StoreContract, AKeyAndTheAnswerToItsIdempotencyKeyAreOneTransaction) {
    IdempotencyRecord answer = a_record();
    answer.status = 201;
    Key key = a_key();
    EXPECT_EQ(store_->create_key(key, {kCaps, kNow, &answer}).error().code,
              ErrorCode::IdempotencyInProgress)
        << "it was never reserved";
    ASSERT_TRUE(store_->begin_idempotent(a_record()));
    constexpr KeyCaps kNone{.active_keys_max = 0, .creations_per_hour_max = 5};
    EXPECT_EQ(store_->create_key(key, {kNone, kNow, &answer}).error().code,
              ErrorCode::ApiKeyLimitReached);
    EXPECT_EQ((*store_->begin_idempotent(a_record()))->status, 0) << "nothing was answered";
    ASSERT_TRUE(store_->create_key(key, {kCaps, kNow, &answer}));
    EXPECT_EQ((*store_->begin_idempotent(a_record()))->status, 201);
    EXPECT_FALSE(store_->create_key(a_key(), {kCaps, kNow, &answer})) << "answered once";

    key.version = 2;
    EXPECT_EQ(store_->update_key(key, {kCaps, kNow, &answer}).error().code,
              ErrorCode::IdempotencyInProgress);
    EXPECT_EQ(store_->get_key("team_a", key.id)->version, 1);
    IdempotencyRecord rotated = a_record();
    rotated.key = "retry-2";
    ASSERT_TRUE(store_->begin_idempotent(rotated));
    rotated.status = 200;
    ASSERT_TRUE(store_->update_key(key, {kCaps, kNow, &rotated}));
    EXPECT_EQ((*store_->begin_idempotent(rotated))->status, 200);
    EXPECT_EQ(store_->list_keys({.team_id = "team_a"})->keys.size(), 1U);
}

TEST_P(StoreContract, WhoLostAnIdempotencyKeyCannotAnswerForIt) {
    ASSERT_TRUE(store_->begin_idempotent(a_record()));
    const IdempotencyRecord other = a_record(kNow + kIdempotencyFlightMax);
    ASSERT_EQ(*store_->begin_idempotent(other), std::nullopt) << "the same request, later";
    IdempotencyRecord late = a_record();
    ASSERT_TRUE(store_->free_idempotent(late));
    late.status = 201;
    EXPECT_EQ(store_->create_key(a_key(), {kCaps, kNow, &late}).error().code,
              ErrorCode::IdempotencyInProgress);
    EXPECT_EQ((*store_->begin_idempotent(other))->status, 0);
    EXPECT_TRUE(store_->list_keys({.team_id = "team_a"})->keys.empty());
}

TEST_P(StoreContract, AnAnsweredIdempotencyKeyIsNotFreed) {
    IdempotencyRecord record = a_record();
    ASSERT_TRUE(store_->begin_idempotent(record));
    record.status = 201;
    ASSERT_TRUE(store_->create_key(a_key(), {kCaps, kNow, &record}));
    ASSERT_TRUE(store_->free_idempotent(a_record()));
    EXPECT_EQ((*store_->begin_idempotent(a_record()))->status, 201);
}

TEST_P(StoreContract, OfRacingRequestsOneGetsTheIdempotencyKey) {
    std::atomic<int> won = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 8; ++i) {
            threads.emplace_back([&] {
                const auto begun = store_->begin_idempotent(a_record());
                if (begun && !*begun) ++won;
            });
        }
    }
    EXPECT_EQ(won, 1);
}

}  // namespace
}  // namespace keywarden
