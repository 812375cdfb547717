#include "store/sqlite/load_keys.h"

#include <condition_variable>
#include <cstring>
#include <deque>
#include <fmt/core.h>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "store/policy_json.h"
#include "store/sqlite/key_rows.h"

namespace keywarden {
namespace {

std::unexpected<Error> damaged(int64_t n) {
    return fail(ErrorCode::StoreUnavailable,
                "The database is damaged: restore a backup.",
                fmt::format("key number {} cannot be read", n));
}

/// Team ids by their number.
using TeamNames = std::unordered_map<int64_t, std::string>;

Result<TeamNames> read_teams(Database& database) {
    TeamNames names;
    Query query(database, "SELECT n, id FROM teams");
    while (true) {
        TRY(const bool row, query.next());
        if (!row) return names;
        names.emplace(query.integer(0), query.text(1));
    }
}

struct SecretRow {
    int64_t key = 0;
    HotSecret secret;
};

/// Blocks of rows on their way from the thread that reads secrets to the one that reads keys.
class SecretBlocks {
public:
    using Block = std::vector<SecretRow>;
    static constexpr size_t kRowsABlock = 4096;

    /// False when nobody takes them any more.
    bool put(Block block) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return blocks_.size() < kBlocksMax || abandoned_; });
        blocks_.push_back(std::move(block));
        changed_.notify_all();
        return !abandoned_;
    }

    /// No more will come, because all have or because of an error.
    void end(Result<void> how) {
        const std::lock_guard lock(mutex_);
        ended_ = std::move(how);
        changed_.notify_all();
    }

    /// The next block; an empty one at the end.
    Result<Block> take() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return !blocks_.empty() || ended_; });
        if (blocks_.empty() && ended_ && !*ended_) return fail(ended_->error());
        if (blocks_.empty()) return Block();
        Block block = std::move(blocks_.front());
        blocks_.pop_front();
        changed_.notify_all();
        return block;
    }

    void abandon() {
        const std::lock_guard lock(mutex_);
        abandoned_ = true;
        changed_.notify_all();
    }

private:
    static constexpr size_t kBlocksMax = 16;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Block> blocks_;
    std::optional<Result<void>> ended_;
    bool abandoned_ = false;
};

Result<void> read_secrets(Database& database, SecretBlocks& blocks) {
    Query query(database,
                "SELECT key, digest, created_at, grace, ends_at, first_used_at IS NOT NULL, "
                "ended FROM secrets ORDER BY key, seq DESC");
    SecretBlocks::Block block;
    while (true) {
        TRY(const bool row, query.next());
        if (block.size() == SecretBlocks::kRowsABlock || !row) {
            if (!blocks.put(std::exchange(block, {})) || !row) return {};
            block.reserve(SecretBlocks::kRowsABlock);
        }
        SecretRow& next = block.emplace_back();
        next.key = query.integer(0);
        const std::span<const uint8_t> digest = query.bytes(1);
        if (digest.size() != next.secret.digest.size()) return damaged(next.key);
        std::memcpy(next.secret.digest.data(), digest.data(), digest.size());
        next.secret.created_at = query.moment(2);
        if (!query.is_null(3)) next.secret.grace = std::chrono::milliseconds(query.integer(3));
        next.secret.ends_at = query.maybe_moment(4);
        next.secret.used = query.integer(5) != 0;
        next.secret.ended = query.integer(6) != 0;
    }
}

/// All secrets in the order of their keys, read by a thread of its own.
class SecretRows {
public:
    explicit SecretRows(Database& database)
        : reader_([this, &database] { blocks_.end(read_secrets(database, blocks_)); }) {}
    SecretRows(const SecretRows&) = delete;
    SecretRows& operator=(const SecretRows&) = delete;
    ~SecretRows() { blocks_.abandon(); }

    /// Fills `secrets` with those of key number `n`.
    /// Requires: `n` grows from call to call.
    Result<void> take(int64_t n, std::vector<HotSecret>& secrets) {
        secrets.clear();
        while (true) {
            if (at_ == block_.size()) {
                TRY(block_, blocks_.take());
                at_ = 0;
                if (block_.empty()) return {};
            }
            for (; at_ < block_.size(); ++at_) {
                if (block_[at_].key > n) return {};
                if (block_[at_].key == n) secrets.push_back(block_[at_].secret);
            }
        }
    }

private:
    SecretBlocks blocks_;
    SecretBlocks::Block block_;
    size_t at_ = 0;
    std::jthread reader_;  // the last, so that it is joined first
};

}  // namespace

Result<void> load_keys(Database& keys_from,
                       Database& secrets_from,
                       const std::function<void(const HotKey&)>& each) {
    TRY(const TeamNames teams, read_teams(keys_from));
    SecretRows secret_rows(secrets_from);
    std::vector<HotSecret> secrets;
    std::vector<std::string> tags;
    Query query(keys_from,
                "SELECT k.n, k.id, k.team, k.kind, k.status, k.not_before, k.expires_at, "
                "k.rate_limit_rpm, k.version, a.id, u.id, m.id, k.policy, "
                "CASE WHEN instr(k.doc, '\"tags\":') THEN k.doc END FROM keys k "
                "LEFT JOIN apps a ON a.n = k.app LEFT JOIN users u ON u.n = k.user "
                "LEFT JOIN keys m ON m.n = k.maker_key ORDER BY k.n");
    while (true) {
        TRY(const bool row, query.next());
        if (!row) return {};
        const int64_t n = query.integer(0);
        const int64_t kind = query.integer(3);
        const int64_t status = query.integer(4);
        if (kind < 0 || kind >= static_cast<int64_t>(KeyKind::kCount)) return damaged(n);
        if (status < 0 || status >= static_cast<int64_t>(KeyStatus::kCount)) return damaged(n);
        const auto team = teams.find(query.integer(2));
        if (team == teams.end()) return damaged(n);
        Policy policy;
        const bool has_policy = !query.is_null(12);
        if (has_policy && !patch_policy(policy, query.text(12))) return damaged(n);
        policy.limits[LimitKind::RequestsPerMinute].reset();  // it has a column
        // Whoever reads such a key is told that it is damaged; no other key has to suffer for it.
        if (query.is_null(13) || !read_tags(query.text(13), tags)) tags.clear();
        TRY_VOID(secret_rows.take(n, secrets));
        each({.id = query.text(1),
              .team_id = team->second,
              .app_id = query.text(9),
              .user_id = query.text(10),
              .maker_key_id = query.text(11),
              .kind = static_cast<KeyKind>(kind),
              .status = static_cast<KeyStatus>(status),
              .not_before = query.maybe_moment(5),
              .expires_at = query.maybe_moment(6),
              .rate_limit_rpm = query.maybe_integer(7),
              .policy = has_policy ? &policy : nullptr,
              .version = query.integer(8),
              .secrets = secrets,
              .tags = tags});
    }
}

}  // namespace keywarden
