// What a scope says about the selection of tools: whether calls go on with only those that matter.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/scope.h"
#include "domain/tool_costs.h"

namespace keywarden {

struct PolicyLink;

enum class SelectionMode : uint8_t {
    Off,     // tools are not looked at
    Shadow,  // ranked and counted, and all go on
    On,      // those that are left out do not go on
    Auto,    // Shadow until it has proved itself for the key, then On; of a call it is one of these
    kCount,
};

std::string_view name(SelectionMode mode);  // "off", "shadow", "on", "auto"
/// By how much they change of a call: off, shadow, auto, on.
bool goes_beyond(SelectionMode mode, SelectionMode bound);
std::optional<SelectionMode> selection_mode_of(std::string_view text);

inline constexpr int64_t kKeepMaxMax = 128;
inline constexpr size_t kPinnedToolsMax = 64;
inline constexpr int64_t kTargetPercentDefault = 97;
inline constexpr int64_t kTargetPercentMin = 50;
inline constexpr int64_t kTargetPercentMax = 99;

struct SelectionPolicy {
    std::optional<SelectionMode> mode{};        // the nearest scope that says one has its way,
    std::optional<SelectionMode> at_most{};     // but for this of all scopes
    std::optional<CachePolicy> cache_policy{};  // the nearest scope that says one has its way
    std::optional<int64_t> keep_max{};          // tools kept; the smallest of all scopes holds
    /// Of Auto: of answers with calls, so many must call none that is left out. The largest holds.
    std::optional<int64_t> target_percent{};
    std::vector<std::string> pinned{};  // never left out; those of all scopes
    /// Whether tools of calls to models of class zdr or tee may be looked at: a team, its plan, or
    /// the instance must say so, and no scope against it.
    std::optional<bool> private_models{};

    bool empty() const { return *this == SelectionPolicy(); }
    friend bool operator==(const SelectionPolicy&, const SelectionPolicy&) = default;
};

/// Errors: InvalidRequest, naming the field within `tool_selection`.
Result<void> check_selection(const SelectionPolicy& selection);

/// What holds for a call.
struct EffectiveSelection {
    SelectionMode mode = SelectionMode::Off;
    std::optional<Scope> source{};   // who says the mode; nobody: it is off
    std::optional<Scope> held_by{};  // whose `at_most` took something off it
    CachePolicy cache_policy = CachePolicy::Auto;
    std::optional<int64_t> keep_max{};
    int64_t target_percent = kTargetPercentDefault;
    bool private_models = false;
};

/// Whether any scope says anything. Allocates nothing.
bool says_selection(std::span<const PolicyLink> chain);

/// `chain` as of decide(). Who made a key only narrows: their mode is not the key's, nor is their
/// cache policy. Allocates nothing.
EffectiveSelection effective_selection(std::span<const PolicyLink> chain);

/// Their names, each once. Views live as long as the policies.
std::vector<std::string_view> pinned_tools(std::span<const PolicyLink> chain);

}  // namespace keywarden
