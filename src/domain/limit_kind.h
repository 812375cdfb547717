// The kinds of limits, one row each, and a set of values for them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/error.h"
#include "base/result.h"

namespace keywarden {

/// Adding one: a line here and a row in limit_kind.cc.
enum class LimitKind : uint8_t {
    RequestsPerMinute,
    RequestsPerDay,
    TokensInPerMinute,
    TokensOutPerMinute,
    TokensPerMinute,
    ConcurrentRequests,
    Burst,
    TokensPerRequest,
    BodyBytes,
    kCount,
};

inline constexpr size_t kLimitKinds = static_cast<size_t>(LimitKind::kCount);

struct LimitKindInfo {
    LimitKind kind;
    std::string_view field;       // in JSON and in policy files
    std::string_view short_name;  // in the RateLimit header; empty: it stands in none
    int64_t largest;              // a value lies between 1 and this
    ErrorCode code;               // of a denial
    std::string_view help;        // one sentence, for documents
};

const LimitKindInfo& info(LimitKind kind);
std::span<const LimitKindInfo> all_limit_kinds();

/// Whether it is so much in a span of time, so that a cost can be taken from it.
bool is_rate(LimitKind kind);

/// What one scope says. An absent limit is none.
class Limits {
public:
    std::optional<int64_t>& operator[](LimitKind kind) {
        return values_[static_cast<size_t>(kind)];
    }
    const std::optional<int64_t>& operator[](LimitKind kind) const {
        return values_[static_cast<size_t>(kind)];
    }
    bool empty() const { return *this == Limits(); }

    friend bool operator==(const Limits&, const Limits&) = default;

private:
    std::array<std::optional<int64_t>, kLimitKinds> values_{};
};

/// Errors: InvalidRequest, naming the field that is out of its bounds, or a burst without the rate
/// it smooths.
Result<void> check_limits(const Limits& limits);

}  // namespace keywarden
