#include "store/memory/memory_store.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <ranges>
#include <string>
#include <unordered_map>
#include <utility>

#include "store/key_rules.h"

namespace keywarden {
namespace {

class MemoryStore final : public Store {
public:
    Result<std::string> get_setting(std::string_view name) override {
        const std::lock_guard lock(mutex_);
        const auto found = settings_.find(name);
        if (found == settings_.end()) return fail(ErrorCode::NotFound, "There is no such setting.");
        return found->second;
    }

    Result<void> put_setting(std::string_view name, std::string_view value) override {
        const std::lock_guard lock(mutex_);
        settings_[std::string(name)] = value;
        return {};
    }

    Result<void> put_team(const Team& team) override {
        const std::lock_guard lock(mutex_);
        const auto [at, is_new] = teams_.try_emplace(team.id, team);
        at->second.name = team.name;
        if (is_new) at->second.created_at = in_millis(team.created_at);
        return {};
    }

    Result<Team> get_team(std::string_view id) override {
        const std::lock_guard lock(mutex_);
        const auto found = teams_.find(id);
        if (found == teams_.end()) return no_such_team();
        return found->second;
    }

    Result<void> create_key(const Key& key, const KeyTerms& terms) override {
        const std::lock_guard lock(mutex_);
        if (!teams_.contains(key.team_id)) return no_such_team();
        TRY_VOID(check_caps(count(key.team_id, terms.now), terms));
        if (key_at_.contains(key.id) || !digests_are_free(key)) return key_exists();
        TRY_VOID(note_answer(terms.answer));
        key_at_[key.id] = keys_.size();
        for (const KeySecret& secret : key.secrets) digest_at_[secret.digest] = keys_.size();
        keys_.push_back(in_millis(key));
        return {};
    }

    Result<Key> get_key(std::string_view team_id, std::string_view key_id) override {
        const std::lock_guard lock(mutex_);
        const Key* key = find(team_id, key_id);
        if (key == nullptr) return no_such_key();
        return *key;
    }

    Result<KeyPage> list_keys(const KeyQuery& query) override {
        const std::lock_guard lock(mutex_);
        size_t end = keys_.size();
        if (!query.after.empty()) {
            const Key* after = find(query.team_id, query.after);
            if (after == nullptr) return not_a_cursor();
            end = static_cast<size_t>(after - keys_.data());
        }
        KeyPage page;
        for (const Key& key : keys_ | std::views::take(end) | std::views::reverse) {
            if (key.team_id != query.team_id) continue;
            if (query.status && key.status != *query.status) continue;
            if (page.keys.size() == query.limit) {
                page.next = page.keys.back().id;
                break;
            }
            page.keys.push_back(key);
        }
        return page;
    }

    Result<void> update_key(const Key& key, const KeyTerms& terms) override {
        const std::lock_guard lock(mutex_);
        Key* stored = find(key.team_id, key.id);
        if (stored == nullptr) return no_such_key();
        if (stored->version != key.version - 1) return version_mismatch();
        if (!digests_are_free(key)) return key_exists();
        Key next = in_millis(key);
        if (is_active(next, terms.now) && !is_active(*stored, terms.now)) {
            TRY_VOID(check_cap(count(key.team_id, terms.now), terms.caps));
        }
        TRY_VOID(note_answer(terms.answer));
        next.created_at = stored->created_at;
        keep_uses(stored->secrets, next.secrets);
        for (const KeySecret& secret : stored->secrets) digest_at_.erase(secret.digest);
        *stored = std::move(next);
        for (const KeySecret& secret : stored->secrets) {
            digest_at_[secret.digest] = static_cast<size_t>(stored - keys_.data());
        }
        return {};
    }

    Result<void> for_each_hot_key(const std::function<void(const HotKey&)>& each) override {
        const std::lock_guard lock(mutex_);
        std::vector<HotSecret> secrets;
        for (const Key& key : keys_) each(hot_key(key, secrets));
        return {};
    }

    Result<void> record_uses(std::span<const SecretUse> uses) override {
        const std::lock_guard lock(mutex_);
        for (const SecretUse& use : uses) {
            const auto found = digest_at_.find(use.digest);
            if (found == digest_at_.end()) continue;
            std::vector<KeySecret>& secrets = keys_[found->second].secrets;
            const auto secret = std::ranges::find(secrets, use.digest, &KeySecret::digest);
            note_use(secrets, static_cast<size_t>(secret - secrets.begin()), in_millis(use.at));
        }
        return {};
    }

    Result<std::optional<IdempotencyRecord>> begin_idempotent(
        const IdempotencyRecord& record) override {
        const std::lock_guard lock(mutex_);
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

    Result<void> free_idempotent(const IdempotencyRecord& record) override {
        const std::lock_guard lock(mutex_);
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

    std::mutex mutex_;
    std::map<std::string, std::string, std::less<>> settings_;
    std::map<std::string, Team, std::less<>> teams_;
    std::vector<Key> keys_;  // oldest first
    std::unordered_map<std::string, size_t> key_at_;
    std::map<Digest, size_t> digest_at_;
    std::map<std::pair<std::string, std::string>, IdempotencyRecord> idempotency_;
};

}  // namespace

std::unique_ptr<Store> make_memory_store() { return std::make_unique<MemoryStore>(); }

}  // namespace keywarden
