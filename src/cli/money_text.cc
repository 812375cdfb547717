#include "cli/money_text.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/money.h"

namespace keywarden {
namespace {

constexpr int64_t kDollar = 1'000'000'000;
constexpr int64_t kCent = kDollar / 100;
constexpr int64_t kMicro = kDollar / 1'000'000;
constexpr std::array<std::string_view, 8> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};

}  // namespace

std::string dollars(NanoUsd amount) {
    const bool is_below = amount.value < 0;
    const int64_t size = std::min(amount.value, -amount.value) * -1;
    const int64_t step = size >= kDollar ? kCent : kMicro;
    const int64_t rounded = size - size % step + (size % step * 2 >= step ? step : 0);
    return (is_below && rounded > 0 ? "-$" : "$") + format_usd({rounded});
}

NanoUsd usd_of(const Json& object, std::string_view name) {
    return parse_usd(shown(object, name)).value_or(NanoUsd());
}

std::string shown_usd(const Json& object, std::string_view name) {
    const auto amount = parse_usd(shown(object, name));
    return amount ? dollars(*amount) : "-";
}

int64_t count_of(const Json& object, std::string_view name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
}

std::string grouped(int64_t count) {
    std::string text = fmt::to_string(count);
    const size_t first = text.starts_with('-') ? 1 : 0;
    for (size_t at = text.size(); at > first + 3;) text.insert(at -= 3, 1, ',');
    return text;
}

std::string shown_count(const Json& object, std::string_view name) {
    return shown(object, name) == "-" ? "-" : grouped(count_of(object, name));
}

std::string bar(int64_t value, int64_t most, size_t width) {
    if (value <= 0 || most <= 0) return {};
    const auto eighths =
        static_cast<__int128>(std::min(value, most)) * 8 * static_cast<__int128>(width) / most;
    const auto whole = static_cast<size_t>(std::max<__int128>(eighths, 1));
    std::string text;
    for (size_t i = 0; i < whole / 8; ++i) text += "█";
    text += kEighths.at(whole % 8);
    return text;
}

}  // namespace keywarden
