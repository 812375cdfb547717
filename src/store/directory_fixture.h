// For tests: a directory over a memory store that can be taken away, on a clock that stands still.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/id.h"
#include "store/key_directory.h"
#include "store/memory/memory_store.h"

namespace keywarden {

/// Passes all on to another store, unless it is `away`.
class FragileStore final : public Store {
public:
    explicit FragileStore(std::unique_ptr<Store> inner) : inner_(std::move(inner)) {}

    std::atomic<bool> away = false;

    Result<std::string> get_setting(std::string_view name) override {
        if (away) return gone();
        return inner_->get_setting(name);
    }
    Result<void> put_setting(std::string_view name, std::string_view value) override {
        if (away) return gone();
        return inner_->put_setting(name, value);
    }
    AccountStore& accounts() override { return inner_->accounts(); }
    UsageStore& usage() override { return inner_->usage(); }
    CredentialStore& credentials() override { return inner_->credentials(); }
    SignInStore& sign_ins() override { return inner_->sign_ins(); }
    Result<void> together(const std::function<Result<void>()>& changes) override {
        if (away) return gone();
        return inner_->together(changes);
    }
    Result<void> create_key(const Key& key, const KeyTerms& terms) override {
        if (away) return gone();
        return inner_->create_key(key, terms);
    }
    Result<Key> get_key(std::string_view team_id, std::string_view key_id) override {
        if (away) return gone();
        return inner_->get_key(team_id, key_id);
    }
    Result<KeyPage> list_keys(const KeyQuery& query) override { return inner_->list_keys(query); }
    Result<int64_t> count_active_keys(std::string_view team_id, TimePoint now) override {
        return inner_->count_active_keys(team_id, now);
    }
    Result<void> update_key(const Key& key, const KeyTerms& terms) override {
        if (away) return gone();
        return inner_->update_key(key, terms);
    }
    Result<void> for_each_hot_key(const std::function<void(const HotKey&)>& each) override {
        if (away) return gone();
        return inner_->for_each_hot_key(each);
    }
    Result<void> record_uses(std::span<const SecretUse> uses) override {
        if (away) return gone();
        return inner_->record_uses(uses);
    }
    Result<void> end_secrets(std::span<const Digest> digests) override {
        if (away) return gone();
        return inner_->end_secrets(digests);
    }
    Result<std::optional<IdempotencyRecord>> begin_idempotent(
        const IdempotencyRecord& record) override {
        return inner_->begin_idempotent(record);
    }
    Result<void> answer_idempotent(const IdempotencyRecord& answer) override {
        if (away) return gone();
        return inner_->answer_idempotent(answer);
    }
    Result<void> free_idempotent(const IdempotencyRecord& record) override {
        return inner_->free_idempotent(record);
    }

private:
    static std::unexpected<Error> gone() {
        return fail(ErrorCode::StoreUnavailable, "The store is away.");
    }

    std::unique_ptr<Store> inner_;
};

class DirectoryFixture : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(store_->accounts().create_team(
            {.id = "team_a", .name = "A", .created_at = clock_.now()}, {.tenant = "test"}));
        reload();
    }

    /// As after a restart of the process.
    void reload() {
        directory_.reset();
        auto loaded = KeyDirectory::load(*store_, formats_, defaults_, clock_);
        ASSERT_TRUE(loaded) << loaded.error().message;
        directory_ = *std::move(loaded);
    }

    static Key a_key() {
        Key key;
        key.id = new_id("key");
        key.team_id = "team_a";
        key.name = "test";
        return key;
    }

    MintedKey create() { return *directory_->create(a_key(), "", false); }

    Result<Caller> ask(const MintedKey& minted) {
        return directory_->authenticate(minted.secret.reveal(), clock_.now());
    }

    Key set_status(const MintedKey& minted, KeyStatus status) {
        return *directory_->change("team_a", minted.key.id, {}, [&](Key& key) {
            key.status = status;
            return Result<void>();
        });
    }

    /// One request of the caller's, whose place is free again at once.
    LimitResult take(const Caller& caller) {
        const PolicyReading reading = directory_->read_policy(caller);
        return take_limits(reading.limits(), {}, clock_.mono());
    }
    LimitView requests_left(const Caller& caller) {
        const PolicyReading reading = directory_->read_policy(caller);
        return peek_limits(reading.limits(), {}, clock_.mono()).requests;
    }

    /// The store's record of a minted secret.
    KeySecret stored_secret(const MintedKey& minted) {
        const Key key = *store_->get_key("team_a", minted.key.id);
        for (const KeySecret& secret : key.secrets) {
            if (secret.digest == minted.key.secrets.front().digest) return secret;
        }
        ADD_FAILURE() << "the secret is not there";
        return {};
    }

    ManualClock clock_;
    KeyFormats formats_ = *KeyFormats::open({"keywarden", "orqen", "orbitkit", "orgn", "opaque"},
                                            Secret("a pepper for tests"));
    KeyDefaults defaults_{
        .caps = {.active_keys_max = 1'000'000, .creations_per_hour_max = 1'000'000}};
    std::unique_ptr<FragileStore> store_ = std::make_unique<FragileStore>(make_memory_store());
    std::unique_ptr<KeyDirectory> directory_;
};

}  // namespace keywarden
