#include "store/key_directory.h"

#include <algorithm>
#include <atomic>
#include <fmt/core.h>
#include <utility>

#include "base/id.h"
#include "domain/scope.h"
#include "store/key_rules.h"
#include "store/key_tags.h"
#include "store/load_policies.h"

namespace keywarden {
namespace {

constexpr int kRacesMax = 8;  // how often a change is tried again when others were faster
constexpr std::string_view kImportedFormat = "opaque";
constexpr size_t kUsesAtOnce = 5000;  // in one transaction of the store

std::unexpected<Error> refuse(KeyState state) {
    switch (state) {
        case KeyState::Revoked:
            return fail(ErrorCode::RevokedApiKey, "This API key has been revoked.");
        case KeyState::Quarantined:
            return fail(denied(ErrorCode::KeyQuarantined,
                               Scope::Key,
                               "This API key is held back until a person has looked at it."));
        case KeyState::Disabled:
            return fail(ErrorCode::DisabledApiKey, "This API key is disabled.");
        case KeyState::Pending:
            return fail(ErrorCode::ExpiredApiKey, "This API key is not valid yet.");
        default:
            return fail(ErrorCode::ExpiredApiKey, "This API key has expired.");
    }
}

std::unexpected<Error> refuse_ended() {
    return fail(ErrorCode::ExpiredApiKey,
                "This secret of the API key was rotated away, and its time is over.");
}

Result<void> check_rate(std::optional<int64_t> rate_limit_rpm) {
    if (!rate_limit_rpm || (*rate_limit_rpm >= 1 && *rate_limit_rpm <= kRateLimitRpmMax)) return {};
    return fail({.code = ErrorCode::InvalidRequest,
                 .message = fmt::format("rate_limit_rpm must be 1 to {}.", kRateLimitRpmMax),
                 .param = "rate_limit_rpm"});
}

/// What the audit log calls a change: a new secret, a new status, or else an update.
std::string action_of(const Key* before, const Key& after) {
    if (before == nullptr) return "key.create";
    if (!after.secrets.empty() &&
        (before->secrets.empty() || after.secrets[0].digest != before->secrets[0].digest)) {
        return "key.rotate";
    }
    if (after.status == before->status) return "key.update";
    switch (after.status) {
        case KeyStatus::Disabled:
            return "key.disable";
        case KeyStatus::Quarantined:
            return "key.quarantine";
        case KeyStatus::Revoked:
            return "key.revoke";
        default:
            return before->status == KeyStatus::Quarantined ? "key.release" : "key.enable";
    }
}

/// What no change of a policy may do.
Result<void> check_change(const Key& before, const Key& after) {
    if (before.status == KeyStatus::Revoked && after.status != KeyStatus::Revoked) {
        return fail(ErrorCode::RevokedApiKey, "A revoked API key cannot be brought back.");
    }
    return check_rate(after.rate_limit_rpm);
}

}  // namespace

// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): there is one of it
class KeyDirectory::Impl {
public:
    Impl(Store& store, const KeyFormats& formats, KeyDefaults defaults, const Clock& clock)
        : store_(store),
          formats_(formats),
          defaults_(std::move(defaults)),
          clock_(clock),
          table_(policies_, defaults_.secrets_max) {}

    Result<void> load() {
        TRY_VOID(load_policies(store_.accounts(), defaults_.rate_limit_rpm, policies_));
        Result<void> loaded;
        TRY_VOID(store_.for_each_hot_key([&](const HotKey& key) {
            if (loaded) loaded = table_.load(key);
            tags_.put(key.team_id, key.id, key.tags, key.version);
        }));
        TRY_VOID(std::move(loaded));
        table_.finish_loading();
        return {};
    }

    Result<Caller> authenticate(std::string_view presented, TimePoint now, NetworkPrefix network) {
        TRY(const uint32_t secret, find(presented));
        const HotPolicy policy = table_.policy(secret);
        TRY_VOID(check_usable(secret, policy, now));
        table_.note_use(secret, now);
        table_.note_network(secret, network, now);
        Caller caller = table_.caller(secret, policy);
        const std::optional<TimePoint>& expiry = policy.lifetime.expires_at;
        if (expiry && *expiry - now <= defaults_.notice.ahead) {
            caller.sunset_at = std::min(caller.sunset_at.value_or(*expiry), *expiry);
        }
        return caller;
    }

    Result<PresentedKey> look_at(std::string_view presented, TimePoint now) {
        TRY(const uint32_t secret, find(presented));
        return presented_key(secret, now);
    }

    Result<PresentedKey> look_at(const Key& key, TimePoint now) {
        const uint32_t secret =
            key.secrets.empty() ? HotTable::kNone : table_.find(key.secrets.front().digest);
        if (secret == HotTable::kNone) return fail(ErrorCode::NotFound, "There is no such key.");
        return presented_key(secret, now);
    }

    Result<MintedKey> create(Key key,
                             std::string_view format_name,
                             bool test,
                             const AnswerOf& answer_of,
                             const ChangedBy& by) {
        TRY_VOID(bring_in_maker(key, {}));
        TRY(MintedKey minted, store_new(std::move(key), format_name, test, answer_of, by));
        TRY_VOID(apply(minted.key));
        return minted;
    }

    /// Mints and stores, and does not apply. `batch`: as one change of several.
    Result<MintedKey> store_new(Key key,
                                std::string_view format_name,
                                bool test,
                                const AnswerOf& answer_of,
                                const ChangedBy& by,
                                bool batch = false) {
        TRY(const KeyFormat* format, mintable(format_name));
        TRY_VOID(check_rate(key.rate_limit_rpm));
        TRY_VOID(check_room());
        const TimePoint now = in_millis(clock_.now());
        KeyFormats::Minted minted = formats_.mint(*format, test);
        key.secrets = {secret_of(*format, minted, now)};
        key.created_at = now;
        key.updated_at = now;
        key.version = 1;
        key = in_millis(std::move(key));
        const auto answer = answer_to(key, answer_of);
        KeyTerms held_to = terms(nullptr, key, by, answer);
        held_to.rate_holds = !batch;
        TRY_VOID(heard(store_.create_key(key, held_to)));
        return MintedKey{.key = std::move(key), .secret = std::move(minted.secret)};
    }

    Result<Key> change(std::string_view team_id,
                       std::string_view key_id,
                       std::optional<int64_t> expected_version,
                       const std::function<Result<void>(Key&)>& change,
                       const ChangedBy& by) {
        TRY(Key key, store_changed(team_id, key_id, expected_version, change, by));
        TRY_VOID(apply(key));
        return key;
    }

    /// As change, but does not apply.
    Result<Key> store_changed(std::string_view team_id,
                              std::string_view key_id,
                              std::optional<int64_t> expected_version,
                              const std::function<Result<void>(Key&)>& change,
                              const ChangedBy& by) {
        const auto alter = [&](Key& key) -> Result<void> {
            Key before = key;
            TRY_VOID(change(key));
            TRY_VOID(check_change(before, key));
            key.id = std::move(before.id);
            key.team_id = std::move(before.team_id);
            key.created_at = before.created_at;
            key.revoked_at = before.revoked_at;
            key.secrets = std::move(before.secrets);
            if (key.status == KeyStatus::Revoked && !key.revoked_at) key.revoked_at = clock_.now();
            return {};
        };
        return store_change(team_id, key_id, expected_version, alter, {}, by);
    }

    Result<MintedKey> rotate(std::string_view team_id,
                             std::string_view key_id,
                             std::optional<int64_t> expected_version,
                             Rotation rotation,
                             const AnswerOf& answer_of,
                             const ChangedBy& by) {
        TRY_VOID(check_room());
        TRY_VOID(write_uses());  // so that the store knows which graces have begun
        std::optional<KeyFormats::Minted> minted;
        const auto turn = [&](Key& key) -> Result<void> {
            if (key.status == KeyStatus::Revoked) return refuse(KeyState::Revoked);
            const TimePoint now = made_at(key.secrets, in_millis(clock_.now()));
            TRY_VOID(retire(key.secrets, rotation, now));
            TRY(const KeyFormat* format, format_of(key));
            const bool test =
                !key.secrets.empty() && KeyFormats::is_test(*format, key.secrets.front().display);
            minted = formats_.mint(*format, test);
            key.secrets.insert(key.secrets.begin(), secret_of(*format, *minted, now));
            forget_old(key.secrets, now);
            return {};
        };
        TRY(Key key, store_change(team_id, key_id, expected_version, turn, answer_of, by));
        TRY_VOID(apply(key));
        // NOLINTNEXTLINE(bugprone-unchecked-optional-access): what was stored was minted
        return MintedKey{.key = std::move(key), .secret = std::move(minted->secret)};
    }

    Result<void> check_imports() const {
        if (formats_.find(kImportedFormat) != nullptr) return {};
        return fail(ErrorCode::InvalidRequest,
                    "Imported keys are of the format 'opaque', which this gateway does not accept: "
                    "its operator can add it to keys.formats.");
    }

    Result<Key> import(Key key, const Digest& digest, std::string display, const ChangedBy& by) {
        TRY_VOID(check_imports());
        TRY_VOID(check_room());
        TRY_VOID(bring_in_maker(key, {}));
        const TimePoint now = in_millis(clock_.now());
        key.secrets = {{.id = new_id("sec"),
                        .format = std::string(kImportedFormat),
                        .digest = digest,
                        .display = std::move(display),
                        .created_at = now}};
        key.created_at = now;
        key.updated_at = now;
        key.version = 1;
        key = in_millis(std::move(key));
        TRY_VOID(heard(store_.create_key(key, terms(nullptr, key, by, {}))));
        TRY_VOID(apply(key));
        return key;
    }

    Result<void> write_uses() {
        TRY_VOID(write_ends());
        const std::vector<SecretUse> uses = table_.collect_uses();
        for (size_t done = 0; done < uses.size(); done += kUsesAtOnce) {
            const auto rest = std::span(uses).subspan(done);
            const auto batch = rest.first(std::min(kUsesAtOnce, rest.size()));
            const Result<void> written = heard(store_.record_uses(batch));
            if (written) continue;
            table_.restore_uses(rest);
            return written;
        }
        if (!uses.empty()) return {};
        const auto answer = heard(store_.get_setting("instance_id"));
        if (answer || answer.error().code == ErrorCode::NotFound) return {};
        return fail(answer.error());
    }

    Result<void> write_ends() {
        const std::vector<HotTable::Ended> ended = table_.sweep_ended(clock_.now());
        if (ended.empty()) return {};
        std::vector<Digest> digests;
        digests.reserve(ended.size());
        for (const HotTable::Ended& each : ended) digests.push_back(each.digest);
        TRY_VOID(heard(store_.end_secrets(digests)));
        table_.ended(ended);
        return {};
    }

    /// Notes whether the store is there, whatever it answered.
    template <class T>
    Result<T> heard(Result<T> answer) {
        store_answers_.store(answer || answer.error().code != ErrorCode::StoreUnavailable,
                             std::memory_order_relaxed);
        return answer;
    }

    Result<void> apply(const Key& key) {
        std::vector<HotSecret> secrets;
        tags_.put(key.team_id, key.id, key.tags, key.version);
        return table_.apply(hot_key(key, secrets));
    }

    /// Whoever makes a key narrows it from then on, so what they say has to be here. It may be one
    /// of `batch`.
    Result<void> bring_in_maker(const Key& key, std::span<const Key> batch) {
        std::vector<HotSecret> secrets;
        const HotKey hot = hot_key(key, secrets);
        policies_.place(origin_of(hot));
        if (!policies_.waits_for(hot.maker_key_id)) return {};
        const auto among = std::ranges::find(batch, hot.maker_key_id, &Key::id);
        if (among != batch.end()) {
            table_.note_maker(hot_key(*among, secrets));
            return {};
        }
        TRY(const Key maker, heard(store_.get_key(key.team_id, hot.maker_key_id)));
        table_.note_maker(hot_key(maker, secrets));
        return {};
    }

    // NOLINTBEGIN(readability-identifier-naming): the directory around it reads them
    Store& store_;
    const KeyFormats& formats_;
    const KeyDefaults defaults_;
    const Clock& clock_;
    PolicyDirectory policies_;
    HotTable table_;
    KeyTags tags_;
    // NOLINTEND(readability-identifier-naming)

private:
    PresentedKey presented_key(uint32_t secret, TimePoint now) {
        const HotPolicy policy = table_.policy(secret);
        return {.caller = table_.caller(secret, policy),
                .secret = secret,
                .usable = check_usable(secret, policy, now)};
    }

    Result<uint32_t> find(std::string_view presented) const {
        const std::optional<ParsedKey> parsed = formats_.parse(presented);
        const uint32_t secret = table_.find(formats_.digest(presented, parsed));
        if (!parsed || secret == HotTable::kNone) return refuse_unknown(parsed.has_value());
        return secret;
    }

    Result<void> check_usable(uint32_t secret, const HotPolicy& policy, TimePoint now) {
        const KeyState state = state_at(policy.status, policy.lifetime, now);
        if (state != KeyState::Active) return refuse(state);
        const std::optional<TimePoint> ends_at = table_.ends_at(secret);
        if (!ends_at || now < *ends_at) return {};
        table_.note_ended(secret);
        return refuse_ended();
    }

    std::unexpected<Error> refuse_unknown(bool well_formed) const {
        if (well_formed && !store_answers_.load(std::memory_order_relaxed)) {
            return fail({.code = ErrorCode::AuthUnavailable,
                         .message = "API keys cannot be checked just now.",
                         .retry_after = std::chrono::seconds(30)});
        }
        return fail(ErrorCode::InvalidApiKey, "The API key is not one of this gateway.");
    }

    /// What stands in the store must also stand here, so it is refused before it does.
    Result<void> check_room() const {
        if (table_.has_room()) return {};
        return fail({.code = ErrorCode::ApiKeyLimitReached,
                     .message = "This instance holds as many keys as it can.",
                     .facts = {{"denied_by", "instance"}}});
    }

    Result<const KeyFormat*> mintable(std::string_view name) const {
        const KeyFormat* format = formats_.find(name.empty() ? defaults_.format : name);
        if (format != nullptr && format->can_be_minted) return format;
        return fail({.code = ErrorCode::InvalidRequest,
                     .message = "There is no such key format, or it is only for imported keys.",
                     .param = "format"});
    }

    /// The format of the key's newest secret, or the default where that cannot be minted.
    Result<const KeyFormat*> format_of(const Key& key) const {
        const auto same = mintable(key.secrets.empty() ? "" : key.secrets.front().format);
        return same ? same : mintable("");
    }

    KeySecret secret_of(const KeyFormat& format,
                        const KeyFormats::Minted& minted,
                        TimePoint now) const {
        const std::string_view text = minted.secret.reveal();
        return {.id = minted.id,
                .format = format.name,
                .digest = formats_.digest(text, formats_.parse(text)),
                .display = minted.display,
                .created_at = now};
    }

    static std::optional<IdempotencyRecord> answer_to(const Key& key, const AnswerOf& answer_of) {
        if (!answer_of) return std::nullopt;
        return answer_of(key);
    }

    /// What the change is held to, and the row that tells of it. `answer` must outlive the terms.
    KeyTerms terms(const Key* before,
                   const Key& after,
                   const ChangedBy& by,
                   const std::optional<IdempotencyRecord>& answer) const {
        const AuditFacts was = before != nullptr ? audit_facts(*before) : AuditFacts();
        KeyTerms terms{
            .caps = defaults_.caps, .now = clock_.now(), .answer = answer ? &*answer : nullptr};
        terms.audit = audit_entry(by, after.team_id, action_of(before, after), {}, terms.now);
        terms.audit.diff = audit_diff(was, audit_facts(after));
        return terms;
    }

    /// Read, alter, store with the next version; again when others were faster.
    Result<Key> store_change(std::string_view team_id,
                             std::string_view key_id,
                             std::optional<int64_t> expected_version,
                             const std::function<Result<void>(Key&)>& alter,
                             const AnswerOf& answer_of,
                             const ChangedBy& by) {
        for (int attempt = 1;; ++attempt) {
            TRY(Key key, heard(store_.get_key(team_id, key_id)));
            if (expected_version && key.version != *expected_version) return version_mismatch();
            const Key before = key;
            const int64_t next_version = key.version + 1;
            TRY_VOID(alter(key));
            key.version = next_version;
            key.updated_at = clock_.now();
            key = in_millis(std::move(key));
            const auto answer = answer_to(key, answer_of);
            const Result<void> stored =
                heard(store_.update_key(key, terms(&before, key, by, answer)));
            if (stored) return key;
            const bool raced = stored.error().code == ErrorCode::VersionMismatch;
            if (!raced || expected_version || attempt == kRacesMax) return fail(stored.error());
        }
    }

    std::atomic<bool> store_answers_ = true;
};

KeyDirectory::KeyDirectory(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
KeyDirectory::~KeyDirectory() = default;

Result<std::unique_ptr<KeyDirectory>> KeyDirectory::load(Store& store,
                                                         const KeyFormats& formats,
                                                         KeyDefaults defaults,
                                                         const Clock& clock) {
    const KeyFormat* format = formats.find(defaults.format);
    if (format == nullptr || !format->can_be_minted) {
        return fail(ErrorCode::InvalidConfig,
                    fmt::format("The format of new keys, '{}', is not enabled or cannot be minted.",
                                defaults.format));
    }
    TRY_VOID(check_rate(defaults.rate_limit_rpm));
    auto impl = std::make_unique<Impl>(store, formats, std::move(defaults), clock);
    TRY_VOID(impl->load());
    return std::unique_ptr<KeyDirectory>(new KeyDirectory(std::move(impl)));
}

Result<Caller> KeyDirectory::authenticate(std::string_view presented,
                                          TimePoint now,
                                          NetworkPrefix network) {
    return impl_->authenticate(presented, now, network);
}

Result<PresentedKey> KeyDirectory::look_at(std::string_view presented, TimePoint now) const {
    return impl_->look_at(presented, now);
}

void KeyDirectory::note_use(const PresentedKey& key, TimePoint now) {
    impl_->table_.note_use(key.secret, now);
}

Result<PresentedKey> KeyDirectory::look_at(const Key& key, TimePoint now) {
    return impl_->look_at(key, now);
}

PolicyReading KeyDirectory::read_policy(const Caller& caller, ModelName model) {
    return {impl_->policies_, impl_->table_.reading_key(caller), model};
}

Result<MintedKey> KeyDirectory::create(
    Key key, std::string_view format, bool test, const AnswerOf& answer_of, const ChangedBy& by) {
    return impl_->create(std::move(key), format, test, answer_of, by);
}

Result<Key> KeyDirectory::change(std::string_view team_id,
                                 std::string_view key_id,
                                 std::optional<int64_t> expected_version,
                                 const std::function<Result<void>(Key&)>& change,
                                 const ChangedBy& by) {
    return impl_->change(team_id, key_id, expected_version, change, by);
}

Result<MintedKey> KeyDirectory::rotate(std::string_view team_id,
                                       std::string_view key_id,
                                       std::optional<int64_t> expected_version,
                                       Rotation rotation,
                                       const AnswerOf& answer_of,
                                       const ChangedBy& by) {
    return impl_->rotate(team_id, key_id, expected_version, rotation, answer_of, by);
}

Result<void> KeyDirectory::together(const std::function<Result<void>(KeyBatch&)>& changes) {
    KeyBatch batch(*impl_);
    TRY_VOID(impl_->heard(impl_->store_.together([&] { return changes(batch); })));
    // All of it is so from here on: whatever is wrong with one key must not keep back the others.
    Result<void> applied;
    for (const Key& key : batch.stored_) {
        Result<void> done = impl_->bring_in_maker(key, batch.stored_);
        if (done) done = impl_->apply(key);
        if (!done) applied = std::move(done);
    }
    return applied;
}

Result<MintedKey> KeyBatch::create(Key key,
                                   std::string_view format,
                                   bool test,
                                   const ChangedBy& by) {
    TRY_VOID(check_size());
    const auto is_maker = [&](const Key& each) { return each.id == key.maker_key_id; };
    if (std::ranges::none_of(stored_, is_maker)) TRY_VOID(directory_.bring_in_maker(key, {}));
    TRY(MintedKey minted, directory_.store_new(std::move(key), format, test, {}, by, true));
    stored_.push_back(minted.key);
    return minted;
}

Result<Key> KeyBatch::change(std::string_view team_id,
                             std::string_view key_id,
                             const std::function<Result<void>(Key&)>& change,
                             const ChangedBy& by) {
    TRY_VOID(check_size());
    TRY(Key key, directory_.store_changed(team_id, key_id, std::nullopt, change, by));
    stored_.push_back(key);
    return key;
}

Result<void> KeyBatch::check_size() const {
    if (stored_.size() < kKeysTogetherMax) return {};
    return fail(ErrorCode::InvalidRequest,
                fmt::format("At most {} API keys are changed together.", kKeysTogetherMax));
}

Result<void> KeyDirectory::check_imports() const { return impl_->check_imports(); }

bool KeyDirectory::knows(const Digest& digest) const {
    return impl_->table_.find(digest) != HotTable::kNone;
}

Result<Key> KeyDirectory::import(Key key,
                                 const Digest& digest,
                                 std::string display,
                                 const ChangedBy& by) {
    return impl_->import(std::move(key), digest, std::move(display), by);
}

Result<void> KeyDirectory::write_uses() { return impl_->write_uses(); }

void KeyDirectory::tell(SpendDirectory* spend) {
    impl_->tags_.tell(spend);
    if (spend == nullptr) return impl_->policies_.watch_plans({});
    impl_->policies_.watch_plans([spend](std::string_view team_id, std::string_view plan_id) {
        spend->put_team(team_id, plan_id);
    });
}

PolicyDirectory& KeyDirectory::policies() { return impl_->policies_; }
Store& KeyDirectory::store() { return impl_->store_; }
const KeyDefaults& KeyDirectory::defaults() const { return impl_->defaults_; }
const KeyFormats& KeyDirectory::formats() const { return impl_->formats_; }

}  // namespace keywarden
