// Whether it pays to send a provider fewer tools, where it keeps beginnings of prompts in a cache.
//
// A prompt begins with its tools, then what the system says, then the messages. Of tokens that the
// provider has from an earlier prompt with the same beginning, each costs `read` of a plain one; of
// those that it has not, each costs `write`. Say that T is all tools, K those of the conversation's
// first set, S the system, M all that is said until the first answer, S included; and that in
// `shared` of all conversations the list of all tools, with S, is in the cache before they begin.
//
//   All tools cost at first   shared read (T + S) + (1 - shared) write (T + S) + write (M - S)
//   and the first set         write (K + M), since a set is rarely another conversation's too.
//
// In each later request both have in the cache what they sent before: the set costs less by
// read (T - K). But a prompt P with the set may be too short for the cache: then all of it is paid
// again, where all tools cost read (T - K + P). That is so at most once for each P from 1,024
// tokens down to K + M, if each request is at least 32 tokens longer than the one before. And when
// a set grows, by up to half say, its prompt is new: that costs up to write (1.5 K + M) - read (T +
// M) more.
//
// So a set pays, however long the conversation lasts, where what it saves at first is at least what
// all the short prompts, and one growth, cost more, should they come.
// In our data a set grows 0.34 times a conversation. One that grows when the conversation has
// become long costs more than is put by here; where nothing is read for less, nothing of this
// matters.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace keywarden {

struct Price;

/// What becomes of the tools that a selection leaves out.
enum class CachePolicy : uint8_t {
    Auto,    // as pays_to_select says: Select; else Mask, where that is safe; else Leave
    Select,  // they do not go on
    Mask,    // all go on, and the model is told to call none but those that are kept
    Leave,   // all go on
    kCount,
};

std::string_view name(CachePolicy policy);  // "auto", "select", "mask", "leave"
std::optional<CachePolicy> cache_policy_of(std::string_view text);

/// Shorter prompts are not kept in any provider's cache.
inline constexpr double kCachedPrefixTokensMin = 1'024;
/// An answer, and what is said to it, are together at least as long.
inline constexpr double kExchangeTokensMin = 32;

/// Of an account, at a model. In parts of the price of a plain token of input.
struct CacheTerms {
    double read = 1;
    double write = 1;
    double shared = 1;   // see above: from 0 to 1
    uint64_t scope = 0;  // names the account and the model
};

/// CacheTerms::scope.
uint64_t cache_scope_of(std::string_view team, std::string_view provider, std::string_view model);

/// Nothing where no token of input costs anything.
std::optional<CacheTerms> cache_terms(const Price& price);

/// How a conversation begins, in tokens.
struct ToolCosts {
    double tools = 0;
    double kept = 0;
    double system = 0;
    double said = 0;  // with what the system says
};

bool pays_to_select(const CacheTerms& terms, const ToolCosts& costs);

/// What is done: never Auto. Where it cannot be masked, all go on.
CachePolicy what_to_do(CachePolicy policy, bool pays, bool can_mask);

}  // namespace keywarden
