#include "store/memory/memory_store.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <ranges>
#include <string>
#include <unordered_map>
#include <utility>

#include "domain/rotation.h"
#include "store/account_rules.h"
#include "store/key_rules.h"
#include "store/memory/memory_accounts.h"
#include "store/memory/memory_credentials.h"
#include "store/memory/memory_sign_ins.h"
#include "store/memory/memory_usage.h"

namespace keywarden {
namespace {

class MemoryStore final : public Store {
public:
    Result<std::string> get_setting(std::string_view name) override {
        const std::lock_guard lock(log_.mutex);
        const auto found = settings_.find(name);
        if (found == settings_.end()) return fail(ErrorCode::NotFound, "There is no such setting.");
        return found->second;
    }

    Result<void> put_setting(std::string_view name, std::string_view value) override {
        const std::lock_guard lock(log_.mutex);
        settings_[std::string(name)] = value;
        return {};
    }

    AccountStore& accounts() override { return accounts_; }
    UsageStore& usage() override { return usage_; }
    CredentialStore& credentials() override { return credentials_; }
    SignInStore& sign_ins() override { return sign_ins_; }

    Result<void> together(const std::function<Result<void>()>& changes) override {
        const std::lock_guard lock(log_.mutex);
        if (log_.together) return part_of(*log_.together, changes);
        const auto undo = [this,
                           settings = settings_,
                           rows = log_.rows,
                           keys = keys_,
                           key_at = key_at_,
                           digest_at = digest_at_,
                           idempotency = idempotency_,
                           accounts = accounts_.way_back(),
                           usage = usage_.way_back(),
                           credentials = credentials_.way_back(),
                           sign_ins = sign_ins_.way_back()] {
            settings_ = settings;
            log_.rows = rows;
            keys_ = keys;
            key_at_ = key_at;
            digest_at_ = digest_at;
            idempotency_ = idempotency;
            accounts();
            usage();
            credentials();
            sign_ins();
        };
        log_.together = Result<void>();
        const Result<void> done = changes();
        const Result<void> stored =
            std::exchange(log_.together, std::nullopt).value_or(Result<void>());
        if (stored && done) return {};
        undo();
        return stored ? done : stored;
    }

    Result<void> create_key(const Key& key, const KeyTerms& terms) override {
        return log_.change(audit_of(key, terms, "key.create"), [&]() -> Result<void> {
            if (accounts_.team(key.team_id) == nullptr) return no_such_team();
            TRY_VOID(check_caps(count(key.team_id, terms.now), with_plan(key, terms)));
            if (key_at_.contains(key.id) || !digests_are_free(key)) return key_exists();
            TRY_VOID(check_app(key));
            const bool has_user = key.user_id.empty() || accounts_.has_user(key.user_id);
            if (!has_user) return no_such_part("user");
            const bool has_maker =
                key.maker_key_id.empty() || find(key.team_id, key.maker_key_id) != nullptr;
            if (!has_maker) return no_such_part("maker");
            TRY_VOID(note_answer(terms.answer));
            key_at_[key.id] = keys_.size();
            for (const KeySecret& secret : key.secrets) digest_at_[secret.digest] = keys_.size();
            keys_.push_back(in_millis(key));
            return {};
        });
    }

    Result<Key> get_key(std::string_view team_id, std::string_view key_id) override {
        const std::lock_guard lock(log_.mutex);
        const Key* key = find(team_id, key_id);
        if (key == nullptr) return no_such_key();
        return *key;
    }

    Result<KeyPage> list_keys(const KeyQuery& query) override {
        const std::lock_guard lock(log_.mutex);
        size_t end = keys_.size();
        if (!query.after.empty()) {
            const Key* after = find(query.team_id, query.after);
            if (after == nullptr) return not_a_cursor();
            end = static_cast<size_t>(after - keys_.data());
        }
        KeyPage page;
        for (const Key& key : keys_ | std::views::take(end) | std::views::reverse) {
            if (key.team_id != query.team_id) continue;
            if (!is_wanted(key, query)) continue;
            if (page.keys.size() == query.limit) {
                page.next = page.keys.back().id;
                break;
            }
            page.keys.push_back(key);
        }
        return page;
    }

    Result<int64_t> count_active_keys(std::string_view team_id, TimePoint now) override {
        const std::lock_guard lock(log_.mutex);
        return count(team_id, now).active;
    }

    Result<void> update_key(const Key& key, const KeyTerms& terms) override {
        return log_.change(audit_of(key, terms, "key.update"), [&]() -> Result<void> {
            Key* stored = find(key.team_id, key.id);
            if (stored == nullptr) return no_such_key();
            if (stored->version != key.version - 1) return version_mismatch();
            if (!digests_are_free(key)) return key_exists();
            TRY_VOID(check_app(key));
            Key next = in_millis(key);
            if (is_active(next, terms.now) && !is_active(*stored, terms.now)) {
                TRY_VOID(check_cap(count(key.team_id, terms.now), with_plan(key, terms).caps));
            }
            TRY_VOID(note_answer(terms.answer));
            replace(stored, std::move(next));
            return {};
        });
    }

    Result<void> for_each_hot_key(const std::function<void(const HotKey&)>& each) override {
        const std::lock_guard lock(log_.mutex);
        std::vector<HotSecret> secrets;
        for (const Key& key : keys_) each(hot_key(key, secrets));
        return {};
    }

    Result<void> record_uses(std::span<const SecretUse> uses) override {
        const std::lock_guard lock(log_.mutex);
        for (const SecretUse& use : uses) {
            const auto found = digest_at_.find(use.digest);
            if (found == digest_at_.end()) continue;
            std::vector<KeySecret>& secrets = keys_[found->second].secrets;
            const auto secret = std::ranges::find(secrets, use.digest, &KeySecret::digest);
            note_use(secrets, static_cast<size_t>(secret - secrets.begin()), in_millis(use.at));
            if (use.network) note_network(secret->networks, use.network, in_millis(use.at));
        }
        return {};
    }

    Result<void> end_secrets(std::span<const Digest> digests) override {
        const std::lock_guard lock(log_.mutex);
        for (const Digest& digest : digests) {
            const auto found = digest_at_.find(digest);
            if (found == digest_at_.end()) continue;
            std::vector<KeySecret>& secrets = keys_[found->second].secrets;
            std::ranges::find(secrets, digest, &KeySecret::digest)->ended = true;
        }
        return {};
    }

    Result<std::optional<IdempotencyRecord>> begin_idempotent(
        const IdempotencyRecord& record) override {
        const std::lock_guard lock(log_.mutex);
        std::erase_if(idempotency_, [&](const auto& entry) {
            return has_lapsed(entry.second, record.created_at);
        });
        IdempotencyRecord begun = record;
        begun.status = 0;
        begun.created_at = in_millis(record.created_at);
        const auto [at, is_new] = idempotency_.try_emplace({record.scope, record.key}, begun);
        if (is_new) return std::optional<IdempotencyRecord>();
        return std::optional(at->second);
    }

    Result<void> answer_idempotent(const IdempotencyRecord& record) override {
        const std::lock_guard lock(log_.mutex);
        const Result<void> noted = note_answer(&record);
        if (log_.together && *log_.together) log_.together = noted;
        return noted;
    }

    Result<void> free_idempotent(const IdempotencyRecord& record) override {
        const std::lock_guard lock(log_.mutex);
        const auto found = idempotency_.find({record.scope, record.key});
        if (found == idempotency_.end() || !is_answer_to(record, found->second)) return {};
        idempotency_.erase(found);
        return {};
    }

private:
    Key* find(std::string_view team_id, std::string_view key_id) {
        const auto found = key_at_.find(std::string(key_id));
        if (found == key_at_.end() || keys_[found->second].team_id != team_id) return nullptr;
        return &keys_[found->second];
    }

    void replace(Key* stored, Key next) {
        next.created_at = stored->created_at;
        next.user_id = stored->user_id;
        next.maker_key_id = stored->maker_key_id;
        keep_uses(stored->secrets, next.secrets);
        for (const KeySecret& secret : stored->secrets) digest_at_.erase(secret.digest);
        *stored = std::move(next);
        for (const KeySecret& secret : stored->secrets) {
            digest_at_[secret.digest] = static_cast<size_t>(stored - keys_.data());
        }
    }

    KeyTerms with_plan(const Key& key, KeyTerms terms) const {
        terms.caps = caps_of(accounts_.plan_of(key.team_id), terms.caps);
        return terms;
    }

    Result<void> check_app(const Key& key) const {
        if (key.app_id.empty() || accounts_.has_app(key.team_id, key.app_id)) return {};
        return no_such_part("app");
    }

    /// For the accounts, which hold the lock.
    int64_t live_keys(std::string_view app_id) const {
        return std::ranges::count_if(keys_, [&](const Key& key) {
            return key.app_id == app_id && key.status != KeyStatus::Revoked;
        });
    }
    void forget_app(std::string_view app_id) {
        for (Key& key : keys_) {
            if (key.app_id == app_id) key.app_id.clear();
        }
    }

    /// Whether no other key has one of this one's digests.
    bool digests_are_free(const Key& key) const {
        return std::ranges::all_of(key.secrets, [&](const KeySecret& secret) {
            const auto found = digest_at_.find(secret.digest);
            return found == digest_at_.end() || keys_[found->second].id == key.id;
        });
    }

    /// The last step before the change: what comes after it cannot fail.
    Result<void> note_answer(const IdempotencyRecord* answer) {
        if (answer == nullptr) return {};
        const auto found = idempotency_.find({answer->scope, answer->key});
        if (found == idempotency_.end() || !is_answer_to(*answer, found->second)) {
            return reservation_lost();
        }
        found->second.status = answer->status;
        found->second.body = answer->body;
        return {};
    }

    KeyCounts count(std::string_view team_id, TimePoint now) const {
        KeyCounts counts;
        for (const Key& key : keys_) {
            if (key.team_id != team_id) continue;
            if (is_active(key, now)) ++counts.active;
            if (key.created_at <= now - kCreationWindow) continue;
            ++counts.created;
            if (!counts.created_first) counts.created_first = key.created_at;
        }
        return counts;
    }

    MemoryLog log_;
    MemoryAccounts accounts_{
        log_,
        {.live = [this](std::string_view app_id) { return live_keys(app_id); },
         .forget_app = [this](std::string_view app_id) { forget_app(app_id); }}};
    MemoryUsage usage_{log_, accounts_};
    MemoryCredentials credentials_{log_, accounts_};
    MemorySignIns sign_ins_{log_, accounts_};
    std::map<std::string, std::string, std::less<>> settings_;
    std::vector<Key> keys_;  // oldest first
    std::unordered_map<std::string, size_t> key_at_;
    std::map<Digest, size_t> digest_at_;
    std::map<std::pair<std::string, std::string>, IdempotencyRecord> idempotency_;
};

}  // namespace

std::unique_ptr<Store> make_memory_store() { return std::make_unique<MemoryStore>(); }

}  // namespace keywarden
