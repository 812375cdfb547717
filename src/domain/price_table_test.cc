#include "domain/price_table.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "base/test_heap.h"  // the one of this program
#include "domain/price_fields.h"

namespace keywarden {
namespace {

constexpr int64_t kDollar = 1'000'000'000;

// A book of our own, so that a vendor's new price breaks no test.
constexpr std::array kVendors = {
    PriceVendor{.name = "acme",
                .label = "Acme",
                .names = "acme-inc acme2",
                .hosts = "api.acme.test runtime.*.acme.test",
                .source = "https://acme.test/prices",
                .note = ""},
    PriceVendor{.name = "best",
                .label = "Best",
                .names = "",
                .hosts = "api.best.test",
                .source = "https://best.test/prices",
                .note = ""},
    PriceVendor{
        .name = "play", .label = "Play", .names = "", .hosts = "", .source = "", .note = ""},
};

constexpr PriceBookEntry entry(std::string_view vendor, std::string_view model, int64_t input) {
    return {.vendor = vendor,
            .model = model,
            .price = {.input = input, .context_tokens_max = 1'000, .output_tokens_max = 100},
            .note = ""};
}

constexpr std::array kEntries = {
    entry("acme", "big", 10),
    entry("acme", "big-2024-05-13", 11),
    entry("acme", "global.maker.m", 12),
    entry("acme", "maker.m", 13),
    entry("acme", "same", 14),
    entry("acme", "small", 15),
    entry("best", "big", 20),
    entry("best", "maker/m-1", 21),
    entry("best", "same", 14),
    entry("play", "*", 30),
};

constexpr PriceBook kBook{.date = "2026-11-20", .vendors = kVendors, .entries = kEntries};

PriceTable make_table(std::vector<ModelPrice> overrides = {}, int64_t version = 0) {
    const std::vector<PricedProvider> providers = {
        {.name = "acme", .host = "api.acme.test"},
        {.name = "oa", .host = "api.acme.test"},  // known by its host
        {.name = "west", .host = "runtime.us-1.acme.test"},
        {.name = "best", .host = "10.0.0.7"},        // known by its name
        {.name = "acme2", .host = "api.best.test"},  // the host says more than the name
        {.name = "own", .host = "gpu.internal"},
        {.name = "play", .host = ""},
    };
    return PriceTable(
        std::make_shared<PriceBookIndex>(kBook, providers), std::move(overrides), version);
}

/// The input's price, which says which entry it is; -1: there is none.
int64_t found(const PriceTable& table, std::string_view provider, std::string_view model) {
    const PricedModel* const priced = table.find(provider, model);
    return priced == nullptr ? -1 : priced->price.input;
}

ModelPrice set(std::string model, int64_t input) {
    return {.model = std::move(model), .price = {.input = input}};
}

// ---- the book ---------------------------------------------------------------------------------

TEST(PriceTable, AProviderHasThePricesOfItsVendor) {
    const PriceTable table = make_table();
    EXPECT_EQ(found(table, "acme", "big"), 10);
    EXPECT_EQ(found(table, "oa", "big"), 10) << "by its host";
    EXPECT_EQ(found(table, "west", "big"), 10) << "by a pattern of hosts";
    EXPECT_EQ(found(table, "best", "big"), 20) << "by its name, whatever its address";
    EXPECT_EQ(found(table, "acme2", "big"), 20) << "the host before the name";
    EXPECT_EQ(found(table, "acme-inc", "big"), 10) << "a name that is not configured";
    EXPECT_EQ(table.version(), 0);
}

TEST(PriceTable, OfAVendorNoOthersPriceIsTaken) {
    EXPECT_EQ(found(make_table(), "best", "small"), -1);
}

TEST(PriceTable, AProviderOfNoVendorHasWhatAllWhoHaveItAsk) {
    const PriceTable table = make_table();
    EXPECT_EQ(found(table, "own", "small"), 15);
    EXPECT_EQ(found(table, "own", "same"), 14) << "two who agree";
    EXPECT_EQ(found(table, "own", "big"), -1) << "two who do not";
    EXPECT_EQ(found(table, "own", "maker/m-1"), 21);
    EXPECT_EQ(found(table, "own", "*"), -1) << "no model is called so";
}

TEST(PriceTable, WhateverAVendorHasMayHaveAPrice) {
    const PriceTable table = make_table();
    EXPECT_EQ(found(table, "play", "words-9"), 30);
    EXPECT_EQ(found(table, "play", "big"), 30);
    EXPECT_EQ(found(table, "own", "words-9"), -1);
}

TEST(PriceTable, ASnapshotWithoutAPriceHasThatOfItsModel) {
    const PriceTable table = make_table();
    EXPECT_EQ(found(table, "acme", "big-2024-08-06"), 10);
    EXPECT_EQ(found(table, "acme", "big-20240806"), 10);
    EXPECT_EQ(found(table, "acme", "big@20240806"), 10);
    EXPECT_EQ(found(table, "acme", "big-2024-05-13"), 11) << "one that has its own";
    EXPECT_EQ(found(table, "own", "small-2025-01-01"), 15);
    for (const char* const other : {"big-2024",
                                    "big-2024-08",
                                    "big-1999-01-01",
                                    "big-2024-08-0x",
                                    "-2024-08-06",
                                    "big-mini"}) {
        EXPECT_EQ(found(table, "acme", other), -1) << other;
    }
}

TEST(PriceTable, WhereAModelRunsIsNoPartOfItsName) {
    const PriceTable table = make_table();
    EXPECT_EQ(found(table, "acme", "us.maker.m"), 13);
    EXPECT_EQ(found(table, "acme", "eu.maker.m-20250929"), 13);
    EXPECT_EQ(found(table, "acme", "global.maker.m"), 12) << "unless it has a price of its own";
    EXPECT_EQ(found(table, "acme", "models/small"), 15);
    EXPECT_EQ(found(table, "acme", "arn:aws:bedrock:us-east-1:1:inference-profile/us.maker.m"), 13);
    EXPECT_EQ(found(table, "acme", "mars.maker.m"), -1);
}

TEST(PriceTable, ANameOfNothingHasNoPrice) {
    const PriceTable table = make_table();
    for (const char* const name : {"", "/", "us.", "models/", "arn:", "arn:/", "-2024-08-06"}) {
        EXPECT_EQ(found(table, "acme", name), -1) << name;
        EXPECT_EQ(found(table, "own", name), -1) << name;
        EXPECT_EQ(found(table, "", name), -1) << name;
    }
}

// ---- what the operator set --------------------------------------------------------------------

TEST(PriceTable, WhatIsSetForAProvidersModelComesFirst) {
    const PriceTable table = make_table({set("big", 2), set("oa/big", 1)}, 7);
    EXPECT_EQ(found(table, "oa", "big"), 1);
    EXPECT_EQ(found(table, "acme", "big"), 2) << "the bare name, at every other provider";
    EXPECT_EQ(found(table, "best", "big"), 2);
    EXPECT_EQ(found(table, "acme", "small"), 15) << "the book, of all else";
    EXPECT_EQ(table.version(), 7);
    EXPECT_EQ(table.find("oa", "big")->origin, PriceOrigin::Operator);
    EXPECT_EQ(table.find("acme", "small")->origin, PriceOrigin::Book);
}

TEST(PriceTable, AMoreExactNameIsStrongerThanWhoSetIt) {
    const PriceTable table = make_table({set("big", 2)});
    EXPECT_EQ(found(table, "acme", "big-2024-08-06"), 2) << "as the book's would be";
    EXPECT_EQ(found(table, "acme", "big-2024-05-13"), 11) << "the book has this very snapshot";
}

TEST(PriceTable, WhateverAProviderHasMayBeSet) {
    const PriceTable table = make_table({set("own/*", 0), set("own/small", 5)});
    EXPECT_EQ(found(table, "own", "anything"), 0);
    EXPECT_EQ(found(table, "own", "small"), 5);
    EXPECT_EQ(found(table, "own", "same"), 0) << "before what others ask";
    EXPECT_EQ(found(table, "best", "small"), -1);
}

TEST(PriceTable, ANameWithASlashIsAModelsOrAProvidersAndAModels) {
    const PriceTable table = make_table({set("maker/m-1", 3), set("best/maker/m-2", 4)});
    EXPECT_EQ(found(table, "best", "maker/m-1"), 3) << "the bare id has the slash";
    EXPECT_EQ(found(table, "maker", "m-1"), 3) << "or the provider is called so";
    EXPECT_EQ(found(table, "best", "maker/m-2"), 4);
    EXPECT_EQ(found(table, "best", "m-2"), -1);
}

TEST(PriceTable, AModelOfAnotherNameHereHasThePriceOfWhatItIsThere) {
    const auto named = [](const PriceTable& table, std::string_view model) {
        const PricedModel* const priced = table.find("acme", model, "big-2024-08-06");
        return priced == nullptr ? -1 : priced->price.input;
    };
    EXPECT_EQ(named(make_table(), "mine"), 10);
    EXPECT_EQ(named(make_table(), "small"), 10) << "not of what it is called like";
    EXPECT_EQ(named(make_table({set("big", 2)}), "mine"), 2);
    EXPECT_EQ(named(make_table({set("acme/mine", 1), set("big", 2)}), "mine"), 1);
    EXPECT_EQ(named(make_table({set("mine", 1), set("acme/big", 2)}), "mine"), 1);
    EXPECT_EQ(found(make_table(), "acme", "big"), 10);
}

TEST(PriceTable, BoundsThatAreNotSetAreTheBooks) {
    ModelPrice own = set("oa/big", 1);
    own.price.output_tokens_max = 7;
    const PriceTable table = make_table(
        {own, set("best/maker/m-1-2025-01-01", 2), set("nobody/knows", 3), set("same", 4)});
    EXPECT_EQ(table.find("oa", "big")->price.context_tokens_max, 1'000);
    EXPECT_EQ(table.find("oa", "big")->price.output_tokens_max, 7);
    EXPECT_EQ(table.find("best", "maker/m-1-2025-01-01")->price.output_tokens_max, 100);
    EXPECT_EQ(table.find("nobody", "knows")->price.output_tokens_max, 0);
    EXPECT_EQ(table.find("own", "same")->price.output_tokens_max, 100);
    EXPECT_EQ(table.overrides().front().price.context_tokens_max, 0) << "what was set stays so";
}

TEST(PriceTable, WhatIsSetIsListedByName) {
    const PriceTable table = make_table({set("b", 1), set("c", 1), set("a", 1)});
    ASSERT_EQ(table.overrides().size(), 3U);
    EXPECT_EQ(table.overrides()[0].model, "a");
    EXPECT_EQ(table.overrides()[2].model, "c");
}

TEST(PriceTable, FindingAllocatesNothing) {
    const PriceTable table = make_table({set("oa/big", 1)});
    const size_t before = news_of_this_thread;
    (void)table.find("oa", "big");
    (void)table.find("own", "arn:aws:bedrock:us-east-1:1:inference-profile/eu.maker.m-2025-01-01");
    (void)table.find("play", "whatever-this-is-called-it-is-rather-long-and-does-not-fit-anywhere");
    EXPECT_EQ(news_of_this_thread, before);
}

// ---- the fields -------------------------------------------------------------------------------

TEST(PriceFields, AreAllThatAPriceHas) {
    // A price whose fields are all set, each to another value, survives a way through the table.
    Price all;
    int64_t value = 1;
    for (const PriceField& field : price_fields()) field.set(all, value++);
    const Price wanted{.input = 1,
                       .output = 2,
                       .cached_input = 3,
                       .cache_write = 4,
                       .cache_write_1h = 5,
                       .reasoning = 6,
                       .audio_input = 7,
                       .audio_output = 8,
                       .per_request = 9,
                       .per_image = 10,
                       .long_context_above = 11,
                       .long_input = 12,
                       .long_output = 13,
                       .long_cached_input = 14,
                       .long_cache_write = 15,
                       .long_cache_write_1h = 16,
                       .context_tokens_max = 17,
                       .output_tokens_max = 18};
    EXPECT_EQ(all, wanted);
    static_assert(sizeof(Price) == 9 * sizeof(int64_t) + 9 * sizeof(std::optional<int64_t>),
                  "a new field of Price is a new row of price_fields.cc, and a line here");
    for (const PriceField& field : price_fields()) field.set(all, std::nullopt);
    EXPECT_EQ(all, Price());
}

TEST(PriceFields, WhatIsNotSaidIsNotShown) {
    for (const PriceField& field : price_fields()) {
        EXPECT_EQ(field.get({}).has_value(), field.is_required) << field.name;
    }
}

// ---- the book that ships ----------------------------------------------------------------------

TEST(PriceBook, EveryPriceIsOneThatAnOperatorCouldSet) {
    const PriceBook& book = built_in_price_book();
    for (const PriceBookEntry& each : book.entries) {
        EXPECT_TRUE(check_price(each.price)) << each.vendor << "/" << each.model;
    }
    EXPECT_EQ(book.date.size(), std::string_view("2026-11-20").size());
}

TEST(PriceBook, EntriesAreSortedAndOfVendorsThatAreThere) {
    const PriceBook& book = built_in_price_book();
    std::set<std::string_view> vendors;
    for (const PriceVendor& vendor : book.vendors) {
        vendors.insert(vendor.name);
        EXPECT_FALSE(vendor.source.empty()) << vendor.name;
    }
    const auto name = [](const PriceBookEntry& e) { return std::pair(e.vendor, e.model); };
    EXPECT_TRUE(std::ranges::is_sorted(book.entries, {}, name));
    for (const PriceBookEntry& each : book.entries) EXPECT_TRUE(vendors.contains(each.vendor));
    for (const char* const wanted :
         {"openai", "anthropic", "bedrock", "gemini", "groq", "mistral", "deepseek", "sandbox"}) {
        EXPECT_TRUE(vendors.contains(wanted)) << wanted;
    }
}

TEST(PriceBook, WhatIsPartOfSomethingIsNotDearerWhereItShouldBeCheaper) {
    // A slip of a digit shows here: reading a cache costs less than reading, a long call more.
    for (const PriceBookEntry& each : built_in_price_book().entries) {
        SCOPED_TRACE(std::string(each.vendor) + "/" + std::string(each.model));
        const Price& price = each.price;
        EXPECT_LE(price.cached_input.value_or(0), price.input);
        EXPECT_GE(price.cache_write.value_or(price.input), price.input);
        // For an hour Anthropic asks twice the input's.
        EXPECT_EQ(price.cache_write_1h.value_or(2 * price.input), 2 * price.input);
        EXPECT_EQ(price.long_cache_write_1h.value_or(2 * price.long_input), 2 * price.long_input);
        EXPECT_GE(price.audio_input.value_or(price.input), price.input);
        EXPECT_LE(price.input, price.output == 0 ? kPriceMax : price.output);
        if (price.output_tokens_max > 0)
            EXPECT_LE(price.output_tokens_max, price.context_tokens_max);
        if (price.long_context_above == 0) continue;
        EXPECT_GT(price.long_input, price.input);
        EXPECT_GT(price.long_output, price.output);
        EXPECT_EQ(price.long_cached_input.has_value(), price.cached_input.has_value());
        EXPECT_EQ(price.long_cache_write.has_value(), price.cache_write.has_value());
        EXPECT_EQ(price.long_cache_write_1h.has_value(), price.cache_write_1h.has_value());
        EXPECT_LE(price.long_context_above, price.context_tokens_max);
    }
}

TEST(PriceBook, KnowsProvidersByTheirHosts) {
    const PriceBookIndex index(
        built_in_price_book(),
        std::array{PricedProvider{"a", "api.openai.com"},
                   PricedProvider{"b", "api.groq.com"},
                   PricedProvider{"c", "bedrock-runtime.eu-west-1.amazonaws.com"},
                   PricedProvider{"d", "generativelanguage.googleapis.com"},
                   PricedProvider{"e", "api.openai.com.evil.test"}});
    EXPECT_EQ(index.vendor_of("a"), "openai");
    EXPECT_EQ(index.vendor_of("b"), "groq");
    EXPECT_EQ(index.vendor_of("c"), "bedrock");
    EXPECT_EQ(index.vendor_of("d"), "gemini");
    EXPECT_EQ(index.vendor_of("e"), "");
    EXPECT_EQ(index.vendor_of("google"), "gemini");
}

TEST(PriceBook, TheSandboxCostsPlayMoneyUnderAnyName) {
    const PriceTable table(
        std::make_shared<PriceBookIndex>(built_in_price_book(), std::span<const PricedProvider>()),
        {},
        0);
    const PricedModel* const plain = table.find("sandbox", "sandbox");
    ASSERT_NE(plain, nullptr);
    EXPECT_EQ(plain, table.find("sandbox", "words-500+chunks-10"));
    EXPECT_EQ(plain, table.find("sandbox", "gpt-4o"));
    // A thousand words each way are less than a cent.
    EXPECT_LT(cost_of(plain->price, {.input = 1'000, .output = 1'000}, 0).value, kDollar / 100);
    EXPECT_GT(cost_of(plain->price, {.input = 1, .output = 1}, 0).value, 0);
}

}  // namespace
}  // namespace keywarden
