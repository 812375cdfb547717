// What became of each team's tools in its calls: how often they were offered, sent on, and called.
// Kept in memory, by this node, since it started. Names and counts: no text of a tool is kept.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "domain/tool_cache_share.h"
#include "domain/tool_costs.h"
#include "store/tool_trials.h"

namespace keywarden {

struct Price;

inline constexpr size_t kHealthTeamsMax = 1'000;  // then who called longest ago is forgotten
inline constexpr size_t kHealthToolsMax =
    512;  // of a team; then those that came last are not counted
inline constexpr size_t kHealthNameBytesMax = 128;
inline constexpr size_t kCollidingPairsMax = 50;
inline constexpr size_t kCollidingToolsMax = 256;  // that are held against each other
inline constexpr int64_t kCollidingFrom = 70;      // percent
inline constexpr int64_t kWeakWords = 4;           // a description of fewer says little

/// The least of many hashes of a text's words: texts whose words are the same have the same, and of
/// others so many differ as of their words.
using WordSketch = std::array<uint32_t, 32>;
WordSketch sketch_of(std::string_view text);
/// In percent: how many of all their words two texts share, about.
int64_t similarity(const WordSketch& a, const WordSketch& b);

/// What is looked at of a tool now and then.
struct ToolText {
    int64_t description_words = 0;
    WordSketch sketch{};  // of its name, its description, and its parameters
};
int64_t word_count(std::string_view text);

struct ToolUse {
    std::string name{};
    int64_t offered = 0;  // and permitted
    int64_t forwarded = 0;
    int64_t left_out = 0;  // by the selection, or would have been
    int64_t called = 0;
    int64_t missed = 0;  // called, though left out
    std::optional<ToolText> text{};
};

struct CollidingTools {
    std::string first{};
    std::string second{};
    int64_t similarity = 0;  // in percent
};

struct TeamTools {
    std::optional<TimePoint> since{};         // of the first call; nothing: there was none
    int64_t calls = 0;                        // that offered tools and were looked at
    int64_t calls_with_a_call = 0;            // whose answers called one
    int64_t missed_calls = 0;                 // whose answers called one that was left out
    std::vector<ToolUse> tools{};             // most often called first, then most often offered
    std::vector<CollidingTools> colliding{};  // most alike first
};

/// Threads: any.
class ToolHealth {
public:
    struct Offered {
        std::string_view name{};
        bool is_forwarded = true;
        bool is_kept = true;
    };
    /// Notes what a call offers. Returns those (by their place in `offered`) whose text is to be
    /// looked at: they are new, or were not looked at for long.
    std::vector<size_t> note_offer(std::string_view team_id,
                                   std::span<const Offered> offered,
                                   TimePoint now);
    void note_text(std::string_view team_id, std::string_view tool, const ToolText& text);

    struct Called {
        std::string_view name{};
        bool is_missed = false;
    };
    /// Notes what its answer called.
    void note_calls(std::string_view team_id, std::span<const Called> called);

    /// Tools that are called in a fifth of the team's answers with calls or more, the most called
    /// first, at most `most`. They are looked for once an hour, so that they hold still.
    std::vector<std::string> popular(std::string_view team_id, size_t most, TimePoint now);

    /// Of what is in caches of providers.
    CacheShare& caches() { return caches_; }
    /// Of what mode `auto` goes by.
    ToolTrials& trials() { return trials_; }

    TeamTools report(std::string_view team_id);
    void forget(std::string_view team_id);

private:
    struct Team {
        TimePoint since{};
        TimePoint last{};
        int64_t calls = 0;
        int64_t calls_with_a_call = 0;
        int64_t missed_calls = 0;
        std::map<std::string, ToolUse, std::less<>> tools{};
        std::vector<std::string> popular{};
        TimePoint popular_at{};
    };

    Team& team_of(std::string_view team_id, TimePoint now);
    static ToolUse* count_offer(Team& team, const Offered& offered);
    static bool is_due(const ToolUse& use);

    CacheShare caches_;
    ToolTrials trials_;
    std::mutex mutex_;
    std::map<std::string, Team, std::less<>> teams_;
};

struct PricedAt {
    std::string_view provider{};
    std::string_view model{};
    const Price* price = nullptr;
};

/// What the provider's cache makes of prices, as the team's own calls have shown it: where `health`
/// is null, nobody has looked. Nothing: it makes no difference.
std::optional<CacheTerms> cache_terms_of(ToolHealth* health,
                                         std::string_view team_id,
                                         const PricedAt& at,
                                         TimePoint now);

}  // namespace keywarden
