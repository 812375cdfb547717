#include "store/tool_health.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <tuple>
#include <utility>

namespace keywarden {
namespace {

constexpr int64_t kReadEvery = 256;  // offers
constexpr Nanos kPopularHolds = std::chrono::hours(1);
constexpr int64_t kPopularCallsMin = 20;
constexpr int64_t kPopularShare = 5;  // one in so many

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           static_cast<uint8_t>(c) >= 0x80;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

template <class Each>
void for_each_word(std::string_view text, const Each& each) {
    size_t at = 0;
    while (at < text.size()) {
        while (at < text.size() && !is_word(text[at])) ++at;
        const size_t begin = at;
        while (at < text.size() && is_word(text[at])) ++at;
        if (at > begin) each(text.substr(begin, at - begin));
    }
}

/// Source: FNV-1a, and the finaliser of MurmurHash3.
uint64_t hash_of(std::string_view word) {
    uint64_t hash = 0xcbf29ce484222325;
    for (const char c : word) hash = (hash ^ static_cast<uint8_t>(lower(c))) * 0x100000001b3;
    return hash;
}

uint32_t mixed(uint64_t hash, uint64_t salt) {
    hash ^= salt * 0x9e3779b97f4a7c15;
    hash = (hash ^ (hash >> 33U)) * 0xff51afd7ed558ccd;
    hash = (hash ^ (hash >> 33U)) * 0xc4ceb9fe1a85ec53;
    return static_cast<uint32_t>(hash >> 32U);
}

}  // namespace

WordSketch sketch_of(std::string_view text) {
    WordSketch sketch;
    sketch.fill(std::numeric_limits<uint32_t>::max());
    for_each_word(text, [&](std::string_view word) {
        const uint64_t hash = hash_of(word);
        for (size_t i = 0; i < sketch.size(); ++i) {
            sketch.at(i) = std::min(sketch.at(i), mixed(hash, i + 1));
        }
    });
    return sketch;
}

int64_t similarity(const WordSketch& a, const WordSketch& b) {
    int64_t same = 0;
    for (size_t i = 0; i < a.size(); ++i) same += a.at(i) == b.at(i) ? 1 : 0;
    return same * 100 / static_cast<int64_t>(a.size());
}

int64_t word_count(std::string_view text) {
    int64_t words = 0;
    for_each_word(text, [&](std::string_view) { ++words; });
    return words;
}

ToolHealth::Team& ToolHealth::team_of(std::string_view team_id, TimePoint now) {
    auto found = teams_.find(team_id);
    if (found == teams_.end()) {
        if (teams_.size() >= kHealthTeamsMax) {
            teams_.erase(std::ranges::min_element(
                teams_, {}, [](const auto& each) { return each.second.last; }));
        }
        found = teams_.emplace(std::string(team_id), Team{.since = now}).first;
    }
    Team& team = found->second;
    team.last = now;
    ++team.calls;
    return team;
}

ToolUse* ToolHealth::count_offer(Team& team, const Offered& offered) {
    if (offered.name.empty() || offered.name.size() > kHealthNameBytesMax) return nullptr;
    auto found = team.tools.find(offered.name);
    if (found == team.tools.end()) {
        if (team.tools.size() >= kHealthToolsMax) return nullptr;
        std::string name(offered.name);
        found = team.tools.emplace(name, ToolUse{.name = name}).first;
    }
    ToolUse& use = found->second;
    ++use.offered;
    use.forwarded += offered.is_forwarded ? 1 : 0;
    use.left_out += offered.is_kept ? 0 : 1;
    return &use;
}

bool ToolHealth::is_due(const ToolUse& use) { return !use.text || use.offered % kReadEvery == 0; }

std::vector<size_t> ToolHealth::note_offer(std::string_view team_id,
                                           std::span<const Offered> offered,
                                           TimePoint now) {
    std::vector<size_t> due;
    const std::lock_guard lock(mutex_);
    Team& team = team_of(team_id, now);
    for (size_t i = 0; i < offered.size(); ++i) {
        const ToolUse* const use = count_offer(team, offered[i]);
        if (use != nullptr && is_due(*use)) due.push_back(i);
    }
    return due;
}

void ToolHealth::note_text(std::string_view team_id, std::string_view tool, const ToolText& text) {
    const std::lock_guard lock(mutex_);
    const auto team = teams_.find(team_id);
    if (team == teams_.end()) return;
    const auto use = team->second.tools.find(tool);
    if (use != team->second.tools.end()) use->second.text = text;
}

void ToolHealth::note_calls(std::string_view team_id, std::span<const Called> called) {
    if (called.empty()) return;
    const std::lock_guard lock(mutex_);
    const auto team = teams_.find(team_id);
    if (team == teams_.end()) return;
    ++team->second.calls_with_a_call;
    bool missed = false;
    for (const Called& each : called) {
        missed |= each.is_missed;
        const auto found = team->second.tools.find(each.name);
        if (found == team->second.tools.end()) continue;
        ++found->second.called;
        found->second.missed += each.is_missed ? 1 : 0;
    }
    team->second.missed_calls += missed ? 1 : 0;
}

std::vector<std::string> ToolHealth::popular(std::string_view team_id, size_t most, TimePoint now) {
    const std::lock_guard lock(mutex_);
    const auto found = teams_.find(team_id);
    if (found == teams_.end()) return {};
    Team& team = found->second;
    if (team.popular_at != TimePoint() && now < team.popular_at + kPopularHolds) {
        return team.popular;
    }
    if (team.calls_with_a_call < kPopularCallsMin) return {};
    std::vector<const ToolUse*> often;
    for (const auto& [name, use] : team.tools) {
        if (use.called * kPopularShare >= team.calls_with_a_call) often.push_back(&use);
    }
    std::ranges::sort(often, std::ranges::greater(), &ToolUse::called);
    team.popular.clear();
    for (const ToolUse* use : often) {
        if (team.popular.size() < most) team.popular.push_back(use->name);
    }
    team.popular_at = now;
    return team.popular;
}

namespace {

std::vector<CollidingTools> colliding(const std::vector<ToolUse>& tools) {
    std::vector<CollidingTools> pairs;
    const size_t count = std::min(tools.size(), kCollidingToolsMax);
    for (size_t i = 0; i < count; ++i) {
        const std::optional<ToolText>& text = tools[i].text;
        for (size_t j = 0; j < i && text; ++j) {
            const std::optional<ToolText>& other = tools[j].text;
            if (!other) continue;
            const int64_t alike = similarity(text->sketch, other->sketch);
            if (alike >= kCollidingFrom) pairs.push_back({tools[j].name, tools[i].name, alike});
        }
    }
    std::ranges::sort(pairs, [](const CollidingTools& a, const CollidingTools& b) {
        return std::tie(b.similarity, a.first, a.second) <
               std::tie(a.similarity, b.first, b.second);
    });
    if (pairs.size() > kCollidingPairsMax) pairs.resize(kCollidingPairsMax);
    return pairs;
}

}  // namespace

TeamTools ToolHealth::report(std::string_view team_id) {
    TeamTools report;
    {
        const std::lock_guard lock(mutex_);
        const auto found = teams_.find(team_id);
        if (found == teams_.end()) return report;
        const Team& team = found->second;
        report.since = team.since;
        report.calls = team.calls;
        report.calls_with_a_call = team.calls_with_a_call;
        report.missed_calls = team.missed_calls;
        for (const auto& [name, use] : team.tools) report.tools.push_back(use);
    }
    std::ranges::sort(report.tools, [](const ToolUse& a, const ToolUse& b) {
        return std::tie(b.called, b.offered, a.name) < std::tie(a.called, a.offered, b.name);
    });
    report.colliding = colliding(report.tools);
    return report;
}

void ToolHealth::forget(std::string_view team_id) {
    const std::lock_guard lock(mutex_);
    const auto found = teams_.find(team_id);
    if (found != teams_.end()) teams_.erase(found);
}

std::optional<CacheTerms> cache_terms_of(ToolHealth* health,
                                         std::string_view team_id,
                                         const PricedAt& at,
                                         TimePoint now) {
    std::optional<CacheTerms> terms = cache_terms(*at.price);
    if (!terms || health == nullptr) return terms;
    terms->scope = cache_scope_of(team_id, at.provider, at.model);
    terms->shared = health->caches().shared(terms->scope, now);
    return terms;
}

}  // namespace keywarden
