#include "store/hot_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <new>
#include <thread>

namespace keywarden {
namespace {

constexpr int64_t kNever = INT64_MAX;
constexpr int64_t kAlways = INT64_MIN;
constexpr uint32_t kListEnd = UINT32_MAX;
constexpr uint32_t kIndexMask = (1U << 24) - 1;
/// Numbers with this bit are of secrets that stand outside their key's record.
constexpr uint32_t kFurther = HotChunks<int>::kSizeMax;
static_assert(2 * kFurther == kIndexMask + 1);

int64_t nanos_or(std::optional<TimePoint> when, int64_t otherwise) {
    return when ? when->time_since_epoch().count() : otherwise;
}

std::optional<TimePoint> moment_unless(int64_t nanos, int64_t absent) {
    if (nanos == absent) return std::nullopt;
    return TimePoint(Nanos(nanos));
}

std::string_view id_of(const std::array<char, kKeyIdMax>& id) {
    const std::string_view text(id.data(), id.size());
    return text.substr(0, text.find('\0'));
}

/// Lowers `value` to `to`, if that is lower.
void lower(std::atomic<int64_t>& value, int64_t to) {
    int64_t now = value.load(std::memory_order_acquire);
    while (to < now && !value.compare_exchange_weak(now, to, std::memory_order_acq_rel)) {
    }
}

}  // namespace

struct HotTable::Secret {
    Digest digest{};
    std::atomic<uint32_t> turn{0};       // 1 + its place among the turns; 0: none
    std::atomic<uint32_t> used_at{0};    // seconds since 1970; 0: not since the start
    std::atomic<uint32_t> next_used{0};  // 0: not in the list; else 1 + the next one, or kListEnd
    uint32_t owner = 0;                  // the record's number
};

/// A key, in the order in which a check looks at it: the secret that it was made with, the policy
/// (read under the sequence lock), who it is, and where its rules and its counter are.
struct alignas(64) HotTable::Record {
    Secret first;
    std::atomic<uint32_t> sequence{0};        // odd while the policy is being written
    std::atomic<uint32_t> rate_limit_rpm{0};  // 0: none of its own
    uint32_t version = 0;                     // writers only
    std::atomic<KeyKind> kind{KeyKind::Full};
    std::atomic<KeyStatus> status{KeyStatus::Active};
    std::atomic<int64_t> not_before{kAlways};
    std::atomic<int64_t> expires_at{kNever};
    std::array<char, kKeyIdMax> id{};
    std::atomic<const KeyPlace*> place{nullptr};
    std::atomic<const KeyNode*> node{nullptr};
    CounterSlot counter{nullptr};
};

/// What a secret of a key with several has besides.
struct HotTable::Turn {
    std::atomic<int64_t> ends_at{kNever};
    std::atomic<int64_t> grace{kNever};  // kNever: none was set
    std::atomic<int64_t> deprecated_at{kNever};
    std::atomic<bool> used{false};
    std::atomic<bool> ended{false};  // for good: no clock that is set back brings it to life
    bool ended_stored = false;       // writers only
    std::atomic<uint32_t> older{0};  // 1 + the turn of the next older secret; 0: none
    uint32_t secret = 0;             // its number
};

/// Open addressing: a place holds 1 + a secret's number, and above it eight bits of its digest.
struct HotTable::Index {
    explicit Index(size_t places) : mask(places - 1) {
        const size_t bytes = places * sizeof(std::atomic<uint32_t>);
        slots = new (allocate_far(bytes, bytes >= kHugePage)) std::atomic<uint32_t>[places] {};
    }
    Index(const Index&) = delete;
    Index& operator=(const Index&) = delete;
    ~Index() { std::free(slots); }

    static size_t start(const Digest& digest) {
        uint64_t bits = 0;
        std::memcpy(&bits, digest.data(), sizeof bits);
        return bits;
    }
    static uint32_t tag(const Digest& digest) { return uint32_t{digest.back()} << 24; }

    void prefetch(const Digest& digest) const { __builtin_prefetch(&slots[start(digest) & mask]); }

    void insert(const Digest& digest, uint32_t number) {
        size_t at = start(digest) & mask;
        while (slots[at].load(std::memory_order_relaxed) != 0) at = (at + 1) & mask;
        slots[at].store(tag(digest) | (number + 1), std::memory_order_release);
    }

    size_t mask;
    std::atomic<uint32_t>* slots;
};

HotTable::HotTable(PolicyDirectory& policies, size_t secrets_max)
    : policies_(policies), secrets_max_(secrets_max), used_head_(kListEnd) {
    // A place of the index keeps 24 bits of a number, and 0 is free.
    static_assert(kSecretsMax + kReserve == kFurther - 2);
    assert(secrets_max <= kSecretsMax);
    static_assert(sizeof(Record) == 128 && sizeof(Secret) == 48);
    grow_index(1024);
}

HotTable::~HotTable() = default;

uint32_t HotTable::find(const Digest& digest) const {
    const Index& index = *index_.load(std::memory_order_acquire);
    const uint32_t tag = Index::tag(digest);
    for (size_t at = Index::start(digest) & index.mask;; at = (at + 1) & index.mask) {
        const uint32_t place = index.slots[at].load(std::memory_order_acquire);
        if (place == 0) return kNone;  // the index is never more than half full
        if ((place & ~kIndexMask) != tag) continue;
        const uint32_t number = (place & kIndexMask) - 1;
        const Secret& found = secret(number);
        __builtin_prefetch(reinterpret_cast<const char*>(&found) + 64);  // the rest of the record
        if (equal_in_constant_time(found.digest, digest)) return number;
    }
}

HotTable::Secret& HotTable::secret(uint32_t number) const {
    return number < kFurther ? records_[number].first : further_[number - kFurther];
}

uint32_t HotTable::owner(uint32_t number) const {
    return number < kFurther ? number : further_[number - kFurther].owner;
}

HotPolicy HotTable::policy(uint32_t number) const {
    const Record& record = records_[owner(number)];
    for (;; std::this_thread::yield()) {
        const uint32_t before = record.sequence.load(std::memory_order_acquire);
        const HotPolicy policy{
            .kind = record.kind.load(std::memory_order_acquire),
            .status = record.status.load(std::memory_order_acquire),
            .lifetime = {.not_before = moment_unless(
                             record.not_before.load(std::memory_order_acquire), kAlways),
                         .expires_at = moment_unless(
                             record.expires_at.load(std::memory_order_acquire), kNever)},
            .rate_limit_rpm = record.rate_limit_rpm.load(std::memory_order_acquire)};
        if (before % 2 == 0 && record.sequence.load(std::memory_order_acquire) == before) {
            return policy;
        }
    }
}

std::optional<TimePoint> HotTable::ends_at(uint32_t number) const {
    const uint32_t turn = secret(number).turn.load(std::memory_order_acquire);
    if (turn == 0) return std::nullopt;
    const Turn& of = turns_[turn - 1];
    if (of.ended.load(std::memory_order_acquire)) return TimePoint::min();
    return moment_unless(of.ends_at.load(std::memory_order_acquire), kNever);
}

Caller HotTable::caller(uint32_t number, const HotPolicy& policy) const {
    const uint32_t slot = owner(number);
    const Record& record = records_[slot];
    Caller caller{
        .key_id_text = record.id,
        .team_id = PolicyDirectory::team_id(*record.place.load(std::memory_order_acquire)),
        .kind = policy.kind,
        .rate_limit_rpm = policy.rate_limit_rpm,
        .slot = slot};
    if (const uint32_t turn = secret(number).turn.load(std::memory_order_acquire); turn != 0) {
        const Turn& of = turns_[turn - 1];
        caller.deprecated_at =
            moment_unless(of.deprecated_at.load(std::memory_order_acquire), kNever);
        caller.sunset_at = moment_unless(of.ends_at.load(std::memory_order_acquire), kNever);
    }
    return caller;
}

void HotTable::note_ended(uint32_t number) {
    const uint32_t turn = secret(number).turn.load(std::memory_order_acquire);
    if (turn != 0) turns_[turn - 1].ended.store(true, std::memory_order_release);
}

void HotTable::note_use(uint32_t number, TimePoint now) {
    Secret& used = secret(number);
    // To the second: a key that is used without pause does not have its record written without
    // pause, and stays in every core's cache.
    const auto second = std::chrono::floor<std::chrono::seconds>(now);
    const auto at = static_cast<uint32_t>(second.time_since_epoch().count());
    if (at <= used.used_at.load(std::memory_order_relaxed)) return;
    used.used_at.store(at);
    mark_used(number);
    const uint32_t turn = used.turn.load(std::memory_order_acquire);
    if (turn == 0 || turns_[turn - 1].used.exchange(true)) return;
    uint32_t older = turns_[turn - 1].older;
    if (older == 0) return;
    // Not before this secret was made, which is when the next older one was deprecated.
    const int64_t start = std::max(TimePoint(second).time_since_epoch().count(),
                                   turns_[older - 1].deprecated_at.load());
    for (; older != 0; older = turns_[older - 1].older) {
        Turn& of = turns_[older - 1];
        const int64_t grace = of.grace.load(std::memory_order_acquire);
        if (grace != kNever) lower(of.ends_at, start + grace);
    }
}

void HotTable::note_network(uint32_t number, NetworkPrefix network, TimePoint now) {
    if (!network) return;
    const auto second = std::chrono::floor<std::chrono::seconds>(now);
    sightings_.note({.secret = number,
                     .network = network,
                     .second = static_cast<uint32_t>(second.time_since_epoch().count())});
}

ReadingKey HotTable::reading_key(const Caller& caller) {
    Record& record = records_[caller.slot];
    return {.place = record.place.load(std::memory_order_acquire),
            .node = record.node.load(std::memory_order_acquire),
            .id = id_of(record.id),
            .requests_per_minute = caller.rate_limit_rpm,
            .counter = &record.counter};
}

size_t HotTable::bytes_used() const {
    const std::lock_guard lock(writers_);
    size_t places = 0;
    for (const auto& index : indexes_) places += index->mask + 1;
    return records_.size() * sizeof(Record) + further_.size() * sizeof(Secret) +
           turns_.size() * sizeof(Turn) + places * sizeof(uint32_t);
}

// ---- writers ---------------------------------------------------------------------------------

/// The fullest of the three lists.
size_t HotTable::most_used() const {
    return std::max({records_.size(), further_.size(), turns_.size()});
}

bool HotTable::has_room() const {
    const std::lock_guard lock(writers_);
    return most_used() < secrets_max_;
}

Result<void> HotTable::check_room(const HotKey& key) const {
    if (key.id.empty() || key.id.size() > kKeyIdMax || key.secrets.empty()) {
        return fail(ErrorCode::InvalidRequest,
                    "A key has an id of 1 to 24 characters, and secrets.");
    }
    if (most_used() + key.secrets.size() <= secrets_max_ + kReserve) return {};
    return fail(ErrorCode::ApiKeyLimitReached, "This instance holds as many keys as it can.");
}

uint32_t HotTable::add_record(const HotKey& key) {
    const uint32_t number = records_.add();
    Record& record = records_[number];
    std::ranges::copy(key.id, record.id.begin());
    set_policy(record, key);
    set_rules(record, key);
    return number;
}

void HotTable::set_policy(Record& record, const HotKey& key) {
    const auto rpm = static_cast<uint32_t>(
        std::clamp(key.rate_limit_rpm.value_or(0), int64_t{0}, kRateLimitRpmMax));
    record.version = static_cast<uint32_t>(key.version);
    // Whoever sees one of the fields new sees the odd number as well, and reads again.
    const uint32_t sequence = record.sequence.load(std::memory_order_relaxed);
    record.sequence.store(sequence + 1, std::memory_order_relaxed);
    record.kind.store(key.kind, std::memory_order_release);
    record.status.store(key.status, std::memory_order_release);
    record.not_before.store(nanos_or(key.not_before, kAlways), std::memory_order_release);
    record.expires_at.store(nanos_or(key.expires_at, kNever), std::memory_order_release);
    record.rate_limit_rpm.store(rpm, std::memory_order_release);
    record.sequence.store(sequence + 2, std::memory_order_release);
}

void HotTable::set_rules(Record& record, const HotKey& key) {
    const KeyPlace* const place = policies_.place(origin_of(key));
    record.place.store(place, std::memory_order_release);
    const KeyNode* const node =
        policies_.put_key(key.id, *place, key.policy, record.rate_limit_rpm.load());
    record.node.store(node, std::memory_order_release);
}

void HotTable::note_maker(const HotKey& key) {
    const std::lock_guard lock(writers_);
    const uint32_t known = key.secrets.empty() ? kNone : find(key.secrets.back().digest);
    if (known == kNone) return;
    Record& record = records_[owner(known)];
    if (record.version == static_cast<uint32_t>(key.version)) set_rules(record, key);
}

/// The oldest secret of a new key stands in the record itself.
uint32_t HotTable::add_secret(const HotSecret& hot, uint32_t record, bool is_first) {
    const uint32_t number = is_first ? record : kFurther + further_.add();
    secret(number).digest = hot.digest;
    secret(number).owner = record;
    return number;
}

/// Gives a secret of a key with several its turn, or brings that up to date.
void HotTable::set_turn(uint32_t number, const HotKey& key, size_t place, uint32_t older) {
    const HotSecret& hot = key.secrets[place];
    Secret& of_key = secret(number);
    uint32_t turn = of_key.turn.load(std::memory_order_acquire);
    const bool is_new = turn == 0;
    if (is_new) turn = turns_.add() + 1;
    Turn& of = turns_[turn - 1];
    if (place > 0) {
        of.deprecated_at.store(key.secrets[place - 1].created_at.time_since_epoch().count());
    }
    if (hot.grace) of.grace.store(hot.grace->count());
    if (hot.used) of.used.store(true);
    of.older.store(older);
    of.secret = number;
    lower(of.ends_at, nanos_or(hot.ends_at, kNever));
    if (hot.ended) {
        of.ended.store(true, std::memory_order_release);
        of.ended_stored = true;
    }
    if (is_new) of_key.turn.store(turn, std::memory_order_release);
}

Result<void> HotTable::apply(const HotKey& key) {
    const std::lock_guard lock(writers_);
    std::optional<uint32_t> record;
    bool adds_some = key.secrets.empty();  // which is refused
    for (const HotSecret& secret : key.secrets) {
        const uint32_t known = find(secret.digest);
        if (known == kNone) adds_some = true;
        if (known != kNone) record = owner(known);
    }
    if (record && key.version <= records_[*record].version) return {};
    if (adds_some) TRY_VOID(check_room(key));
    bool is_first = !record;
    if (record) {
        set_policy(records_[*record], key);
        set_rules(records_[*record], key);
    }
    if (!record) record = add_record(key);
    // Oldest first, and each found only once it is whole: the first use of a new secret meets the
    // graces of those before it.
    uint32_t older = 0;
    for (size_t place = key.secrets.size(); place-- > 0;) {
        const HotSecret& hot = key.secrets[place];
        const uint32_t known = find(hot.digest);
        const uint32_t number = known != kNone ? known : add_secret(hot, *record, is_first);
        is_first = false;
        if (key.secrets.size() > 1) set_turn(number, key, place, older);
        older = secret(number).turn.load(std::memory_order_acquire);
        if (known == kNone) publish(number);
    }
    return {};
}

Result<void> HotTable::load(const HotKey& key) {
    const std::lock_guard lock(writers_);
    TRY_VOID(check_room(key));
    const uint32_t record = add_record(key);
    uint32_t older = 0;
    for (size_t place = key.secrets.size(); place-- > 0;) {
        const bool is_first = place + 1 == key.secrets.size();
        const uint32_t added = add_secret(key.secrets[place], record, is_first);
        if (key.secrets.size() > 1) set_turn(added, key, place, older);
        older = secret(added).turn.load(std::memory_order_relaxed);
    }
    return {};
}

void HotTable::finish_loading() {
    const std::lock_guard lock(writers_);
    grow_index(std::bit_ceil(std::max(secret_count() * 2, size_t{1024})));
    // Keys that came before those that they have made.
    for (uint32_t i = 0; i < records_.size() && policies_.waits_for_any(); ++i) {
        Record& record = records_[i];
        const std::string_view id = id_of(record.id);
        if (!policies_.waits_for(id)) continue;
        record.node = policies_.put_key(id, *record.place.load(), nullptr, record.rate_limit_rpm);
    }
}

void HotTable::publish(uint32_t number) {
    Index& index = *index_.load(std::memory_order_relaxed);
    if (secret_count() * 2 > index.mask) {
        grow_index((index.mask + 1) * 2);  // it takes in the new secret as well
    } else {
        index.insert(secret(number).digest, number);
    }
}

/// Makes a larger index of all secrets. Readers who are in the old one find what was there; it is
/// kept, and all old ones together are no larger than the new one.
void HotTable::grow_index(size_t places) {
    auto index = std::make_unique<Index>(places);
    constexpr uint32_t kAhead = 16;  // so that memory is on its way when its turn comes
    for (uint32_t i = 0; i < records_.size(); ++i) {
        if (i + kAhead < records_.size()) index->prefetch(records_[i + kAhead].first.digest);
        index->insert(records_[i].first.digest, i);
    }
    for (uint32_t i = 0; i < further_.size(); ++i) index->insert(further_[i].digest, kFurther + i);
    index_.store(index.get(), std::memory_order_release);
    indexes_.push_back(std::move(index));
}

// ---- ends ------------------------------------------------------------------------------------

std::vector<HotTable::Ended> HotTable::sweep_ended(TimePoint now) {
    const std::lock_guard lock(writers_);
    std::vector<Ended> found;
    const uint32_t count = turns_.size();
    for (uint32_t looked = 0; looked < std::min(count, kTurnsASweep); ++looked) {
        swept_ = swept_ < count ? swept_ : 0;
        Turn& of = turns_[swept_];
        if (!of.ended_stored && (of.ended || now.time_since_epoch().count() >= of.ends_at)) {
            of.ended.store(true, std::memory_order_release);
            found.push_back({.turn = swept_, .digest = secret(of.secret).digest});
        }
        ++swept_;
    }
    return found;
}

void HotTable::ended(std::span<const Ended> secrets) {
    const std::lock_guard lock(writers_);
    for (const Ended& each : secrets) turns_[each.turn].ended_stored = true;
}

// ---- uses ------------------------------------------------------------------------------------

/// Puts the secret at the head of the list, unless it is in the list. The sequentially consistent
/// order matters: either this finds it taken out, or collect_uses reads the new moment.
void HotTable::mark_used(uint32_t number) {
    Secret& used = secret(number);
    uint32_t free = 0;
    if (!used.next_used.compare_exchange_strong(free, kListEnd)) return;
    uint32_t head = used_head_.load();
    do {
        used.next_used.store(head);
    } while (!used_head_.compare_exchange_weak(head, number + 1));
}

std::vector<SecretUse> HotTable::collect_uses() {
    std::vector<SecretUse> uses;
    uint32_t next = used_head_.exchange(kListEnd);
    while (next != kListEnd) {
        Secret& used = secret(next - 1);
        next = used.next_used.exchange(0);
        uses.push_back(
            {.digest = used.digest, .at = TimePoint(std::chrono::seconds(used.used_at.load()))});
    }
    for (const Sightings::Seen& seen : sightings_.collect()) {
        uses.push_back({.digest = secret(seen.secret).digest,
                        .at = TimePoint(std::chrono::seconds(seen.second)),
                        .network = seen.network});
    }
    return uses;
}

void HotTable::restore_uses(std::span<const SecretUse> uses) {
    for (const SecretUse& use : uses) {
        const uint32_t number = find(use.digest);
        if (number == kNone) continue;
        mark_used(number);
        note_network(number, use.network, use.at);
    }
}

}  // namespace keywarden
