#include "domain/price.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/money.h"
#include "domain/billing.h"
#include "domain/price_fields.h"

namespace keywarden {
namespace {

using Wide = __int128;  // holds kTokensMax times kPriceMax, times a million, times the markup

constexpr Wide kMillion = 1'000'000;
constexpr Wide kWhole = 10'000;  // basis points

int64_t clamp_price(int64_t price) { return std::clamp<int64_t>(price, 0, kPriceMax); }
int64_t clamp_tokens(int64_t tokens) { return std::clamp<int64_t>(tokens, 0, kTokensMax); }
Wide with_markup(int32_t basis_points) {
    return kWhole + std::clamp(basis_points, 0, kMarkupBasisPointsMax);
}

/// What each kind of token costs within one tier.
struct Rates {
    int64_t input;
    int64_t cached_input;
    int64_t cache_write;
    int64_t cache_write_1h;
    int64_t audio_input;
    int64_t output;
    int64_t reasoning;
    int64_t audio_output;

    int64_t most_input() const {
        return std::max({input, cached_input, cache_write, cache_write_1h, audio_input});
    }
    int64_t most_output() const { return std::max({output, reasoning, audio_output}); }
};

Rates usual_rates(const Price& price) {
    const int64_t input = clamp_price(price.input);
    const int64_t output = clamp_price(price.output);
    const int64_t cache_write = clamp_price(price.cache_write.value_or(input));
    return {.input = input,
            .cached_input = clamp_price(price.cached_input.value_or(input)),
            .cache_write = cache_write,
            .cache_write_1h = clamp_price(price.cache_write_1h.value_or(cache_write)),
            .audio_input = clamp_price(price.audio_input.value_or(input)),
            .output = output,
            .reasoning = clamp_price(price.reasoning.value_or(output)),
            .audio_output = clamp_price(price.audio_output.value_or(output))};
}

Rates long_rates(const Price& price) {
    const int64_t input = clamp_price(price.long_input);
    const int64_t output = clamp_price(price.long_output);
    using Own = std::optional<int64_t>;
    const auto in_tier = [](const Own& own, int64_t kind, const Own& usual) {
        return own ? clamp_price(*own) : std::max(kind, clamp_price(usual.value_or(0)));
    };
    const int64_t cache_write = in_tier(price.long_cache_write, input, price.cache_write);
    return {.input = input,
            .cached_input = in_tier(price.long_cached_input, input, price.cached_input),
            .cache_write = cache_write,
            .cache_write_1h = in_tier(price.long_cache_write_1h, cache_write, price.cache_write_1h),
            .audio_input = in_tier({}, input, price.audio_input),
            .output = output,
            .reasoning = in_tier({}, output, price.reasoning),
            .audio_output = in_tier({}, output, price.audio_output)};
}

bool is_long(const Price& price, int64_t input) {
    return price.long_context_above > 0 && input > price.long_context_above;
}

/// What does not depend on tokens, in millionths of a nano-dollar.
Wide fixed_cost(const Price& price, int64_t images) {
    return kMillion * (clamp_price(price.per_request) +
                       Wide{clamp_price(price.per_image)} * clamp_tokens(images));
}

/// Millionths of a nano-dollar as money, rounded up.
NanoUsd as_money(Wide millionths, int32_t markup_basis_points) {
    const Wide marked = millionths * with_markup(markup_basis_points);
    const Wide nanos = (marked + kMillion * kWhole - 1) / (kMillion * kWhole);
    return {static_cast<int64_t>(std::min<Wide>(nanos, kMoneyMax.value))};
}

/// What is left of a whole as parts are taken from it.
class Whole {
public:
    explicit Whole(int64_t tokens) : left_(tokens) {}

    int64_t take(const std::optional<int64_t>& part) {
        const int64_t taken = std::min(clamp_tokens(part.value_or(0)), left_);
        left_ -= taken;
        return taken;
    }
    int64_t rest() const { return left_; }

private:
    int64_t left_;
};

/// The tiers that a call of at most so much input may fall into, each with its most input.
struct Tier {
    Rates rates{};
    int64_t input_max = 0;
};
struct Tiers {
    std::array<Tier, 2> all{};
    size_t count = 0;
    const Tier* begin() const { return all.data(); }
    const Tier* end() const { return all.data() + count; }
};

Tiers tiers_within(const Price& price, int64_t input_max) {
    const bool reaches_long = is_long(price, input_max);
    Tiers tiers;
    tiers.all[tiers.count++] = {usual_rates(price),
                                reaches_long ? price.long_context_above : input_max};
    if (reaches_long) tiers.all[tiers.count++] = {long_rates(price), input_max};
    return tiers;
}

}  // namespace

Result<void> check_price(const Price& price) {
    for (const PriceField& field : price_fields()) {
        const int64_t value = field.get(price).value_or(0);
        const bool is_low = value < 0;
        if (!is_low && value <= (field.is_money() ? kPriceMax : kTokensMax)) continue;
        return fail(Error{.code = ErrorCode::InvalidRequest,
                          .message = "The price's '" + std::string(field.name) +
                                     (is_low ? "' is below zero." : "' is too large."),
                          .param = std::string(field.name)});
    }
    return {};
}

NanoUsd cost_of(const Price& price, const TokenUsage& usage, int32_t markup_basis_points) {
    const int64_t output = clamp_tokens(usage.output.value_or(0));
    const int64_t input =
        clamp_tokens(usage.input ? *usage.input : clamp_tokens(usage.total.value_or(0)) - output);
    const Rates rates = is_long(price, input) ? long_rates(price) : usual_rates(price);

    Wide sum = fixed_cost(price, usage.images.value_or(0));
    Whole in(input);
    sum += Wide{rates.cached_input} * in.take(usage.cached_input);
    Whole written(in.take(usage.cache_write));
    sum += Wide{rates.cache_write_1h} * written.take(usage.cache_write_1h);
    sum += Wide{rates.cache_write} * written.rest();
    sum += Wide{rates.audio_input} * in.take(usage.audio_input);
    sum += Wide{rates.input} * in.rest();
    Whole out(output);
    sum += Wide{rates.reasoning} * out.take(usage.reasoning);
    sum += Wide{rates.audio_output} * out.take(usage.audio_output);
    sum += Wide{rates.output} * out.rest();
    return as_money(sum, markup_basis_points);
}

NanoUsd most_cost(const Price& price,
                  int64_t input_tokens_max,
                  int64_t output_tokens_max,
                  int32_t markup_basis_points,
                  int64_t images_max) {
    const int64_t output_max = clamp_tokens(output_tokens_max);
    Wide most = 0;
    for (const Tier& tier : tiers_within(price, clamp_tokens(input_tokens_max))) {
        most = std::max(most,
                        Wide{tier.rates.most_input()} * tier.input_max +
                            Wide{tier.rates.most_output()} * output_max);
    }
    return as_money(most + fixed_cost(price, images_max), markup_basis_points);
}

int64_t output_affordable(const Price& price,
                          int64_t input_tokens_max,
                          NanoUsd money,
                          int32_t markup_basis_points,
                          int64_t images_max) {
    if (money.value < 0) return 0;
    if (money >= kMoneyMax) return kTokensMax;  // nothing costs more
    // What is rounded up to `money` at most is, before that, at most this.
    const Wide paid = Wide{money.value} * kMillion * kWhole / with_markup(markup_basis_points);
    const Wide fixed = fixed_cost(price, images_max);
    Wide affordable = kTokensMax;
    for (const Tier& tier : tiers_within(price, clamp_tokens(input_tokens_max))) {
        const Wide left = paid - fixed - Wide{tier.rates.most_input()} * tier.input_max;
        if (left < 0) return 0;
        const int64_t rate = tier.rates.most_output();
        if (rate > 0) affordable = std::min(affordable, left / rate);
    }
    return static_cast<int64_t>(affordable);
}

}  // namespace keywarden
