#include "base/money.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fmt/format.h>

namespace keywarden {
namespace {

constexpr int64_t kNanosADollar = 1'000'000'000;
constexpr int64_t kDollarsMax = kMoneyMax.value / kNanosADollar;
constexpr size_t kPlacesMax = 9;
constexpr size_t kPlacesShown = 2;

std::unexpected<Error> not_money() {
    return fail(ErrorCode::InvalidRequest,
                "An amount is dollars as a decimal text, such as \"12.50\", or a whole number.");
}

std::unexpected<Error> too_much() {
    return fail(ErrorCode::InvalidRequest,
                fmt::format("An amount lies between -{0} and {0} dollars.", kDollarsMax));
}

bool is_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Of digits alone; more than kDollarsMax where they say more.
int64_t number_of(std::string_view digits) {
    int64_t number = 0;
    for (const char c : digits) {
        number = number * 10 + (c - '0');
        if (number > kDollarsMax * kNanosADollar) return kDollarsMax + 1;
    }
    return number;
}

}  // namespace

std::string format_usd(NanoUsd amount) {
    // As unsigned: the smallest NanoUsd has no positive counterpart.
    const auto bits = static_cast<uint64_t>(amount.value);
    const uint64_t nanos = amount.value < 0 ? uint64_t{0} - bits : bits;
    constexpr auto kADollar = static_cast<uint64_t>(kNanosADollar);
    std::string text =
        fmt::format("{}{}.{:09}", amount.value < 0 ? "-" : "", nanos / kADollar, nanos % kADollar);
    const size_t point = text.size() - kPlacesMax;
    text.resize(std::max(text.find_last_not_of('0') + 1, point + kPlacesShown));
    return text;
}

Result<NanoUsd> parse_usd(std::string_view text) {
    const bool is_negative = text.starts_with('-');
    if (is_negative) text.remove_prefix(1);
    const size_t point = text.find('.');
    const bool has_places = point != std::string_view::npos;
    const std::string_view dollars = text.substr(0, point);
    const std::string_view places = has_places ? text.substr(point + 1) : "0";
    if (!is_digits(dollars) || !is_digits(places)) return not_money();
    if (places.size() > kPlacesMax) {
        return fail(ErrorCode::InvalidRequest,
                    "An amount has at most nine decimal places: a nano-dollar is the smallest.");
    }
    int64_t nanos = number_of(places);
    for (size_t i = places.size(); i < kPlacesMax; ++i) nanos *= 10;
    const int64_t whole = number_of(dollars);
    if (whole > kDollarsMax || (whole == kDollarsMax && nanos > 0)) return too_much();
    const int64_t value = whole * kNanosADollar + nanos;
    return NanoUsd{is_negative ? -value : value};
}

Result<NanoUsd> whole_usd(int64_t dollars) {
    if (dollars < -kDollarsMax || dollars > kDollarsMax) return too_much();
    return NanoUsd{dollars * kNanosADollar};
}

}  // namespace keywarden
