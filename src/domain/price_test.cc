#include "domain/price.h"

#include <algorithm>
#include <limits>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "domain/billing.h"

namespace keywarden {
namespace {

constexpr int64_t kDollar = 1'000'000'000;
constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();
constexpr int64_t kTiny = std::numeric_limits<int64_t>::min();

int64_t cost(const Price& price, const TokenUsage& usage, int32_t markup = 0) {
    return cost_of(price, usage, markup).value;
}

// ---- by hand ----------------------------------------------------------------------------------

TEST(Price, InputAndOutputEachCostTheirPrice) {
    const Price price{.input = 3 * kDollar, .output = 15 * kDollar};
    EXPECT_EQ(cost(price, {.input = 1'000'000, .output = 1'000'000}), 18 * kDollar);
    EXPECT_EQ(cost(price, {.input = 1'000, .output = 10}), 3'000'000 + 150'000);
    EXPECT_EQ(cost(price, {}), 0);
}

TEST(Price, PartsOfTheInputCostTheirOwnPrice) {
    const Price price{.input = 3 * kDollar,
                      .output = 15 * kDollar,
                      .cached_input = 300'000'000,
                      .cache_write = 3'750'000'000,
                      .audio_input = 40 * kDollar};
    // 100 cached, 200 written, 50 spoken, 650 plain.
    EXPECT_EQ(
        cost(price, {.input = 1'000, .cached_input = 100, .cache_write = 200, .audio_input = 50}),
        100 * 300 + 200 * 3'750 + 50 * 40'000 + 650 * 3'000);
}

TEST(Price, WhatIsCachedForAnHourIsPartOfWhatIsCachedAndCostsItsOwnPrice) {
    Price price{.input = 3 * kDollar, .cache_write = 3'750'000'000, .cache_write_1h = 6 * kDollar};
    const TokenUsage usage{.input = 1'000, .cache_write = 200, .cache_write_1h = 150};
    EXPECT_EQ(cost(price, usage), 150 * 6'000 + 50 * 3'750 + 800 * 3'000);
    EXPECT_EQ(cost(price, {.input = 1'000, .cache_write = 200, .cache_write_1h = 500}),
              200 * 6'000 + 800 * 3'000)
        << "a part is at most its whole";
    price.cache_write_1h.reset();
    EXPECT_EQ(cost(price, usage), 200 * 3'750 + 800 * 3'000);
    price.long_context_above = 999;
    price.long_input = 6 * kDollar;
    price.long_cache_write = 7'500'000'000;
    price.long_cache_write_1h = 12 * kDollar;
    EXPECT_EQ(cost(price, usage), 150 * 12'000 + 50 * 7'500 + 800 * 6'000);
    price.long_cache_write_1h.reset();
    price.cache_write_1h = 9 * kDollar;
    EXPECT_EQ(cost(price, usage), 150 * 9'000 + 50 * 7'500 + 800 * 6'000);
}

TEST(Price, PartsOfTheOutputCostTheirOwnPrice) {
    const Price price{
        .output = 10 * kDollar, .reasoning = 4 * kDollar, .audio_output = 80 * kDollar};
    EXPECT_EQ(cost(price, {.output = 100, .reasoning = 30, .audio_output = 20}),
              30 * 4'000 + 20 * 80'000 + 50 * 10'000);
}

TEST(Price, APartWithoutAPriceCostsWhatItsKindCosts) {
    const Price price{.input = 2 * kDollar, .output = 8 * kDollar};
    EXPECT_EQ(cost(price, {.input = 100, .cached_input = 60, .cache_write = 20, .audio_input = 20}),
              100 * 2'000);
    EXPECT_EQ(cost(price, {.output = 100, .reasoning = 60, .audio_output = 40}), 100 * 8'000);
}

TEST(Price, APartThatCostsNothingIsNotAPartWithoutAPrice) {
    const Price price{.input = 2 * kDollar, .cached_input = 0};
    EXPECT_EQ(cost(price, {.input = 100, .cached_input = 100}), 0);
}

TEST(Price, PartsLargerThanTheWholeAreCut) {
    const Price price{.input = kDollar, .output = kDollar, .cached_input = 0, .reasoning = 0};
    EXPECT_EQ(cost(price, {.input = 10, .cached_input = 10'000}), 0);
    EXPECT_EQ(cost(price, {.output = 10, .reasoning = 10'000}), 0);
    EXPECT_EQ(cost(price, {.input = 10, .cached_input = 8, .cache_write = 8}), 2 * 1'000)
        << "of ten, eight are cached, so two at most were written";
    EXPECT_EQ(cost(price, {.cached_input = 10, .reasoning = 10}), 0) << "parts of nothing";
}

TEST(Price, WithoutItsInputTheTotalTellsIt) {
    const Price price{.input = kDollar, .output = 2 * kDollar};
    EXPECT_EQ(cost(price, {.output = 10, .total = 30}), 20 * 1'000 + 10 * 2'000);
    EXPECT_EQ(cost(price, {.total = 30}), 30 * 1'000);
    EXPECT_EQ(cost(price, {.output = 10, .total = 3}), 10 * 2'000);
    EXPECT_EQ(cost(price, {.input = 1, .output = 10, .total = 1'000}), 1'000 + 10 * 2'000);
}

TEST(Price, AFractionOfANanoDollarIsRoundedUpOnce) {
    const Price price{.input = 1, .output = 1};
    EXPECT_EQ(cost(price, {.input = 1}), 1);
    EXPECT_EQ(cost(price, {.input = 500'000, .output = 500'000}), 1);
    EXPECT_EQ(cost(price, {.input = 500'000, .output = 500'001}), 2);
}

TEST(Price, ACallAndAnImageHaveAPrice) {
    const Price price{.input = kDollar, .per_request = 5'000'000, .per_image = 40'000'000};
    EXPECT_EQ(cost(price, {.input = 10, .images = 3}), 10'000 + 5'000'000 + 3 * 40'000'000);
    EXPECT_EQ(cost(price, {}), 5'000'000);
}

TEST(Price, AMarkupIsOnEverythingAndRoundedWithIt) {
    const Price price{.input = kDollar, .per_request = 100};
    EXPECT_EQ(cost(price, {.input = 1}, 1'000), 1'210);  // 1,100 and a tenth
    EXPECT_EQ(cost({.input = 1}, {.input = 1'000'000}, 1), 2) << "1.0001 rounded up";
    EXPECT_EQ(cost(price, {}, -5'000), 100) << "no discount by a negative one";
    EXPECT_EQ(cost(price, {}, kMarkupBasisPointsMax + 1), 1'100);
}

TEST(Price, AboveTheLimitTheWholeCallCostsTheLongPrice) {
    const Price price{.input = 3 * kDollar,
                      .output = 15 * kDollar,
                      .cached_input = 300'000'000,
                      .long_context_above = 200'000,
                      .long_input = 6 * kDollar,
                      .long_output = 22'500'000'000,
                      .long_cached_input = 600'000'000};
    EXPECT_EQ(cost(price, {.input = 200'000, .output = 2}), 200'000 * 3'000 + 2 * 15'000);
    EXPECT_EQ(cost(price, {.input = 200'001, .output = 2}), 200'001 * 6'000 + 2 * 22'500);
    EXPECT_EQ(cost(price, {.input = 200'001, .cached_input = 200'000}), 200'000 * 600 + 6'000);
}

TEST(Price, WhatHasNoLongPriceCostsItsKindsOrItsOwnWhicheverIsMore) {
    const Price price{.input = 3 * kDollar,
                      .output = 4 * kDollar,
                      .cached_input = kDollar,
                      .cache_write = 9 * kDollar,
                      .reasoning = 2 * kDollar,
                      .audio_output = 50 * kDollar,
                      .long_context_above = 1,
                      .long_input = 6 * kDollar,
                      .long_output = 8 * kDollar};
    EXPECT_EQ(cost(price, {.input = 2, .cached_input = 2}), 2 * 6'000);
    EXPECT_EQ(cost(price, {.input = 2, .cache_write = 2}), 2 * 9'000);
    EXPECT_EQ(cost(price, {.input = 2, .output = 1, .reasoning = 1}), 2 * 6'000 + 8'000);
    EXPECT_EQ(cost(price, {.input = 2, .output = 1, .audio_output = 1}), 2 * 6'000 + 50'000);
}

// ---- bounds -----------------------------------------------------------------------------------

TEST(Price, NegativeCountsCostNothing) {
    const Price price{.input = kDollar, .output = kDollar, .per_image = kDollar};
    const TokenUsage negative{.input = -1,
                              .output = kTiny,
                              .total = kTiny,
                              .cached_input = -5,
                              .cache_write = kTiny,
                              .audio_input = -1,
                              .reasoning = kTiny,
                              .audio_output = -1,
                              .images = kTiny};
    EXPECT_EQ(cost(price, negative), 0);
    EXPECT_EQ(cost(price, {.input = 10, .cached_input = kTiny}), 10'000);
    EXPECT_EQ(most_cost(price, -5, kTiny, 0, -7), NanoUsd{0});
}

TEST(Price, ACountBeyondTheMostCountsAsTheMost) {
    const Price price{.input = 1'000'000, .output = 1'000'000};
    EXPECT_EQ(cost(price, {.input = kHuge}), kTokensMax);
    EXPECT_EQ(cost(price, {.output = kHuge, .reasoning = kHuge}), kTokensMax);
    EXPECT_EQ(cost(price, {.total = kHuge}), kTokensMax);
    EXPECT_EQ(most_cost(price, kHuge, kHuge, 0), NanoUsd{2 * kTokensMax});
}

TEST(Price, NothingOverflows) {
    const Price dearest{.input = kHuge,
                        .output = kPriceMax,
                        .cached_input = kHuge,
                        .per_request = kPriceMax,
                        .per_image = kHuge,
                        .long_context_above = 1,
                        .long_input = kHuge,
                        .long_output = kHuge};
    const TokenUsage everything{
        .input = kHuge, .output = kHuge, .cached_input = 7, .images = kHuge};
    EXPECT_EQ(cost_of(dearest, everything, kMarkupBasisPointsMax), kMoneyMax);
    EXPECT_EQ(most_cost(dearest, kHuge, kHuge, kMarkupBasisPointsMax, kHuge), kMoneyMax);
    EXPECT_EQ(output_affordable(dearest, kHuge, {kHuge}, kMarkupBasisPointsMax, kHuge), kTokensMax)
        << "no call costs more than kMoneyMax";
    EXPECT_EQ(output_affordable(dearest, kHuge, {kMoneyMax.value - 1}, 0, kHuge), 0);
}

TEST(Price, ANegativePriceIsNoIncome) {
    EXPECT_EQ(
        cost({.input = -kDollar, .output = kTiny, .per_request = -1}, {.input = 9, .output = 9}),
        0);
}

TEST(Price, MostCostKnowsThatAShorterCallMayBeTheDearerOne) {
    const Price price{.input = 8 * kDollar,
                      .output = 8 * kDollar,
                      .long_context_above = 1'000,
                      .long_input = kDollar,
                      .long_output = kDollar};
    EXPECT_EQ(most_cost(price, 1'001, 100, 0), NanoUsd{1'100 * 8'000});
    EXPECT_EQ(most_cost(price, 100'000, 100, 0), NanoUsd{100'100 * 1'000});
}

// ---- properties -------------------------------------------------------------------------------

class PriceProperties : public ::testing::Test {
protected:
    PriceProperties() : seed_(std::random_device{}()), trace_(__FILE__, __LINE__, named_seed()) {}

    int64_t up_to(int64_t max) {
        return std::uniform_int_distribution<int64_t>(0, std::max<int64_t>(max, 0))(random_);
    }
    bool one_in(int64_t n) { return up_to(n - 1) == 0; }
    /// As often small as large.
    int64_t magnitude(int64_t max) {
        int64_t bound = 1;
        const int64_t digits = up_to(15);
        for (int64_t i = 0; i < digits && bound < max; ++i) bound *= 10;
        return up_to(std::min(bound, max));
    }
    std::optional<int64_t> maybe(int64_t max) {
        if (one_in(2)) return std::nullopt;
        return magnitude(max);
    }
    Price price() {
        const int64_t max = one_in(3) ? kPriceMax : 100 * kDollar;
        return {.input = magnitude(max),
                .output = magnitude(max),
                .cached_input = maybe(max),
                .cache_write = maybe(max),
                .cache_write_1h = maybe(max),
                .reasoning = maybe(max),
                .audio_input = maybe(max),
                .audio_output = maybe(max),
                .per_request = one_in(3) ? magnitude(max) : 0,
                .per_image = one_in(3) ? magnitude(max) : 0,
                .long_context_above = one_in(2) ? magnitude(kTokensMax) : 0,
                .long_input = magnitude(max),
                .long_output = magnitude(max),
                .long_cached_input = maybe(max),
                .long_cache_write = maybe(max),
                .long_cache_write_1h = maybe(max)};
    }
    /// Sometimes just below or above where the price changes.
    int64_t input_near(const Price& price) {
        if (price.long_context_above == 0 || one_in(2)) return magnitude(kTokensMax);
        return std::clamp<int64_t>(price.long_context_above + up_to(4) - 2, 0, kTokensMax);
    }
    int32_t markup() { return one_in(2) ? 0 : static_cast<int32_t>(up_to(kMarkupBasisPointsMax)); }

    /// A usage within the bounds; its parts may lie.
    TokenUsage usage(int64_t input, int64_t output, int64_t images) {
        TokenUsage used{.output = one_in(4) ? output : up_to(output), .images = up_to(images)};
        if (one_in(5)) {
            used.total = *used.output + up_to(input);
        } else {
            used.input = one_in(2) ? input : up_to(input);
        }
        used.cached_input = maybe(kTokensMax);
        used.cache_write = maybe(input);
        used.cache_write_1h = maybe(input);
        used.audio_input = maybe(input);
        used.reasoning = maybe(output);
        used.audio_output = maybe(kTokensMax);
        return used;
    }

private:
    std::string named_seed() {
        random_.seed(seed_);
        return "seed " + std::to_string(seed_);
    }

    uint64_t seed_;
    std::mt19937_64 random_;
    ::testing::ScopedTrace trace_;
};

constexpr int kRounds = 20'000;

TEST_F(PriceProperties, NoCallWithinTheBoundsCostsMoreThanTheMost) {
    for (int round = 0; round < kRounds; ++round) {
        const Price of = price();
        const int64_t input = input_near(of);
        const int64_t output = magnitude(kTokensMax);
        const int64_t images = one_in(3) ? up_to(10) : 0;
        const int32_t marked = markup();
        const NanoUsd most = most_cost(of, input, output, marked, images);
        for (int call = 0; call < 5; ++call) {
            ASSERT_LE(cost_of(of, usage(input, output, images), marked), most)
                << "input " << input << ", output " << output << ", long above "
                << of.long_context_above;
        }
    }
}

TEST_F(PriceProperties, TheMostIsReached) {
    // It is a bound that somebody can meet: the plain call, where no kind is dearer.
    for (int round = 0; round < kRounds; ++round) {
        Price of{.input = magnitude(100 * kDollar), .output = magnitude(100 * kDollar)};
        of.cached_input = up_to(of.input);
        of.reasoning = up_to(of.output);
        const int64_t input = magnitude(kTokensMax);
        const int64_t output = magnitude(kTokensMax);
        const int32_t marked = markup();
        ASSERT_EQ(most_cost(of, input, output, marked),
                  cost_of(of, {.input = input, .output = output}, marked));
    }
}

TEST_F(PriceProperties, WhatIsAffordableCostsAtMostTheMoneyAndOneMoreDoesNot) {
    int cut = 0;
    for (int round = 0; round < kRounds; ++round) {
        const Price of = price();
        const int64_t input = input_near(of);
        const int64_t images = one_in(3) ? up_to(10) : 0;
        const int32_t marked = markup();
        // Half of the time money that some output costs to the nano-dollar, or just about.
        const int64_t wanted = magnitude(kTokensMax);
        const NanoUsd money =
            one_in(2) ? NanoUsd{magnitude(kMoneyMax.value)}
                      : NanoUsd{most_cost(of, input, wanted, marked, images).value + up_to(2) - 1};
        const int64_t most = output_affordable(of, input, money, marked, images);
        ASSERT_GE(most, 0);
        ASSERT_LE(most, kTokensMax);
        if (most_cost(of, input, 0, marked, images) > money) {
            ASSERT_EQ(most, 0);
            continue;
        }
        ASSERT_LE(most_cost(of, input, most, marked, images), money);
        if (most == kTokensMax) continue;
        ++cut;
        ASSERT_GT(most_cost(of, input, most + 1, marked, images), money);
    }
    EXPECT_GT(cut, kRounds / 20) << "or this test has looked at nothing";
}

TEST_F(PriceProperties, MoreTokensAndAHigherMarkupNeverMakeItCheaper) {
    for (int round = 0; round < kRounds; ++round) {
        const Price of = price();
        const int64_t input = input_near(of);
        const int64_t output = magnitude(kTokensMax / 2);
        const int32_t marked = markup();
        const NanoUsd plain = most_cost(of, input, output, marked);
        ASSERT_LE(plain, most_cost(of, input, output + magnitude(kTokensMax / 2), marked));
        ASSERT_LE(plain, most_cost(of, input, output, marked, 1));
        ASSERT_LE(most_cost(of, input, output, 0), plain);
    }
}

TEST_F(PriceProperties, WithAMarkupItCostsTheShareMoreToTheNanoDollar) {
    for (int round = 0; round < kRounds; ++round) {
        // Whole nano-dollars a token, so that nothing is rounded before the markup.
        const Price of{.input = magnitude(1'000'000) * 1'000'000};
        const int64_t input = magnitude(1'000'000);
        const int32_t marked = markup();
        const int64_t plain = cost(of, {.input = input});
        const auto wide = static_cast<__int128>(plain) * (10'000 + marked);
        ASSERT_EQ(cost(of, {.input = input}, marked),
                  static_cast<int64_t>((wide + 9'999) / 10'000));
    }
}

// ---- check_price ------------------------------------------------------------------------------

TEST(CheckPrice, TakesWhatIsWithinTheBounds) {
    EXPECT_TRUE(check_price({}));
    EXPECT_TRUE(check_price({.input = kPriceMax, .output = kPriceMax, .cached_input = 0}));
    EXPECT_TRUE(check_price({.long_context_above = kTokensMax, .context_tokens_max = kTokensMax}));
}

TEST(CheckPrice, NamesTheFieldThatIsWrong) {
    const auto refused = [](const Price& price) {
        const Result<void> checked = check_price(price);
        if (checked) return std::string("taken");
        EXPECT_EQ(checked.error().code, ErrorCode::InvalidRequest);
        EXPECT_NE(checked.error().message.find("'" + checked.error().param + "'"),
                  std::string::npos);
        return checked.error().param;
    };
    EXPECT_EQ(refused({.input = -1}), "input");
    EXPECT_EQ(refused({.output = kPriceMax + 1}), "output");
    EXPECT_EQ(refused({.cached_input = -1}), "cached_input");
    EXPECT_EQ(refused({.cache_write = kTiny}), "cache_write");
    EXPECT_EQ(refused({.reasoning = kHuge}), "reasoning");
    EXPECT_EQ(refused({.audio_input = -1}), "audio_input");
    EXPECT_EQ(refused({.audio_output = -1}), "audio_output");
    EXPECT_EQ(refused({.per_request = -1}), "per_request");
    EXPECT_EQ(refused({.per_image = kHuge}), "per_image");
    EXPECT_EQ(refused({.long_context_above = kTokensMax + 1}), "long_context_above");
    EXPECT_EQ(refused({.long_input = -1}), "long_input");
    EXPECT_EQ(refused({.long_output = -1}), "long_output");
    EXPECT_EQ(refused({.long_cached_input = -1}), "long_cached_input");
    EXPECT_EQ(refused({.long_cache_write = -1}), "long_cache_write");
    EXPECT_EQ(refused({.context_tokens_max = -1}), "context_tokens_max");
    EXPECT_EQ(refused({.output_tokens_max = kTokensMax + 1}), "output_tokens_max");
}

}  // namespace
}  // namespace keywarden
