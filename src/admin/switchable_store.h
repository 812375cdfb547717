// For tests: a store that can be switched off, as when its disk is gone.
#pragma once

#include <memory>
#include <utility>

#include "store/store.h"

namespace keywarden {

class SwitchableStore final : public Store {
public:
    explicit SwitchableStore(std::unique_ptr<Store> inner) : inner_(std::move(inner)) {}

    bool is_down = false;

    Result<std::string> get_setting(std::string_view name) override {
        if (is_down) return down();
        return inner_->get_setting(name);
    }
    Result<void> put_setting(std::string_view name, std::string_view value) override {
        if (is_down) return down();
        return inner_->put_setting(name, value);
    }
    AccountStore& accounts() override { return inner_->accounts(); }
    UsageStore& usage() override { return inner_->usage(); }
    CredentialStore& credentials() override { return inner_->credentials(); }
    SignInStore& sign_ins() override { return inner_->sign_ins(); }
    Result<void> together(const std::function<Result<void>()>& changes) override {
        if (is_down) return down();
        return inner_->together(changes);
    }
    Result<void> create_key(const Key& key, const KeyTerms& terms) override {
        if (is_down) return down();
        return inner_->create_key(key, terms);
    }
    Result<Key> get_key(std::string_view team_id, std::string_view key_id) override {
        if (is_down) return down();
        return inner_->get_key(team_id, key_id);
    }
    Result<KeyPage> list_keys(const KeyQuery& query) override {
        if (is_down) return down();
        return inner_->list_keys(query);
    }
    Result<int64_t> count_active_keys(std::string_view team_id, TimePoint now) override {
        if (is_down) return down();
        return inner_->count_active_keys(team_id, now);
    }
    Result<void> update_key(const Key& key, const KeyTerms& terms) override {
        if (is_down) return down();
        return inner_->update_key(key, terms);
    }
    Result<void> for_each_hot_key(const std::function<void(const HotKey&)>& each) override {
        if (is_down) return down();
        return inner_->for_each_hot_key(each);
    }
    Result<void> record_uses(std::span<const SecretUse> uses) override {
        if (is_down) return down();
        return inner_->record_uses(uses);
    }
    Result<void> end_secrets(std::span<const Digest> digests) override {
        if (is_down) return down();
        return inner_->end_secrets(digests);
    }
    Result<std::optional<IdempotencyRecord>> begin_idempotent(
        const IdempotencyRecord& record) override {
        if (is_down) return down();
        return inner_->begin_idempotent(record);
    }
    Result<void> answer_idempotent(const IdempotencyRecord& answer) override {
        if (is_down) return down();
        return inner_->answer_idempotent(answer);
    }
    Result<void> free_idempotent(const IdempotencyRecord& record) override {
        if (is_down) return down();
        return inner_->free_idempotent(record);
    }

private:
    static std::unexpected<Error> down() {
        return fail(ErrorCode::StoreUnavailable, "The store does not answer.", "disk is gone");
    }

    std::unique_ptr<Store> inner_;
};

}  // namespace keywarden
