#include "store/price_directory.h"

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "store/open.h"

namespace keywarden {
namespace {

constexpr std::array kVendors = {PriceVendor{.name = "acme",
                                             .label = "Acme",
                                             .names = "",
                                             .hosts = "api.acme.test",
                                             .source = "https://acme.test",
                                             .note = ""}};
constexpr std::array kEntries = {
    PriceBookEntry{.vendor = "acme", .model = "m", .price = {.input = 10}, .note = ""}};
constexpr PriceBook kBook{.date = "2026-11-20", .vendors = kVendors, .entries = kEntries};

class PriceDirectoryTest : public testing::Test {
protected:
    std::unique_ptr<PriceDirectory> open() {
        auto directory = std::make_unique<PriceDirectory>(
            store_->usage(), kBook, providers_, Price{.input = 5, .output = 25});
        const Result<void> loaded = directory->load();
        EXPECT_TRUE(loaded) << loaded.error().message;
        return directory;
    }

    static AuditEntry row() { return {.tenant = "instance", .action = "price.update"}; }

    static int64_t found(const PriceTable& table, std::string_view model = "m") {
        const PricedModel* const priced = table.find("acme", model);
        return priced == nullptr ? -1 : priced->price.input;
    }

    const std::vector<PricedProvider> providers_{{"acme", ""}};
    std::unique_ptr<Store> store_ = open_store("memory:").value();
    std::unique_ptr<PriceDirectory> prices_ = open();
};

TEST_F(PriceDirectoryTest, AtFirstTheBookHolds) {
    EXPECT_EQ(found(*prices_->table()), 10);
    EXPECT_EQ(prices_->table()->version(), 0);
    EXPECT_EQ(prices_->estimate().output, 25);
}

TEST_F(PriceDirectoryTest, AChangeIsInForceWhenItReturns) {
    const auto changed = prices_->put("m", Price{.input = 7}, row());
    ASSERT_TRUE(changed) << changed.error().message;
    EXPECT_EQ((*changed)->version(), 1);
    EXPECT_EQ(*changed, prices_->table());
    EXPECT_EQ(found(*prices_->table()), 7);
    ASSERT_TRUE(prices_->put("m", Price{.input = 8}, row()));
    EXPECT_EQ(found(*prices_->table()), 8);
    EXPECT_EQ(prices_->table()->overrides().size(), 1U) << "set again, not beside it";
    ASSERT_TRUE(prices_->put("m", std::nullopt, row()));
    EXPECT_EQ(found(*prices_->table()), 10);
    EXPECT_EQ(prices_->table()->version(), 3);
}

TEST_F(PriceDirectoryTest, ACallThatRunsKeepsThePriceItWasAdmittedUnder) {
    const std::shared_ptr<const PriceTable> admitted = prices_->table();
    const PricedModel* const price = admitted->find("acme", "m");
    ASSERT_TRUE(prices_->put("m", Price{.input = 7}, row()));
    ASSERT_TRUE(prices_->put("other", Price{.input = 1}, row()));
    EXPECT_EQ(price->price.input, 10);
    EXPECT_EQ(admitted->version(), 0);
}

TEST_F(PriceDirectoryTest, WhatWasSetOutlivesARestart) {
    ASSERT_TRUE(prices_->put("m", Price{.input = 7}, row()));
    ASSERT_TRUE(prices_->put("acme/*", Price{.input = 3, .output_tokens_max = 9}, row()));
    prices_ = open();
    EXPECT_EQ(found(*prices_->table()), 7);
    EXPECT_EQ(found(*prices_->table(), "any"), 3);
    EXPECT_EQ(prices_->table()->version(), 2);
}

TEST_F(PriceDirectoryTest, WhatCannotBeSetChangesNothing) {
    const auto refused = [&](const std::string& model, const std::optional<Price>& price) {
        const auto changed = prices_->put(model, price, row());
        return changed ? ErrorCode::kCount : changed.error().code;
    };
    EXPECT_EQ(refused("", Price{}), ErrorCode::InvalidRequest);
    EXPECT_EQ(refused("a model", Price{}), ErrorCode::InvalidRequest);
    EXPECT_EQ(refused("m\n", Price{}), ErrorCode::InvalidRequest);
    EXPECT_EQ(refused("caf\xc3\xa9", Price{}), ErrorCode::InvalidRequest);
    EXPECT_EQ(refused(std::string(257, 'm'), Price{}), ErrorCode::InvalidRequest);
    EXPECT_EQ(refused("m", Price{.input = -1}), ErrorCode::InvalidRequest);
    EXPECT_EQ(refused("m", std::nullopt), ErrorCode::NotFound) << "none is set";
    EXPECT_EQ(prices_->table()->version(), 0);
    EXPECT_EQ(store_->usage().get_prices()->version, 0);
    EXPECT_NE(refused(std::string(256, 'm'), Price{}), ErrorCode::InvalidRequest);
}

TEST_F(PriceDirectoryTest, ReadersSeeWholeTablesWhileOthersChangeThem) {
    constexpr int64_t kChanges = 300;
    std::atomic<bool> is_done = false;
    std::atomic<int64_t> torn = 0;
    std::thread reader([&] {
        int64_t before = 0;
        while (!is_done) {
            const auto table = prices_->table();
            // Its n-th change sets the price to n; version and price are of one instant.
            const int64_t version = table->version();
            const int64_t price = found(*table);
            if (version < before || price != (version == 0 ? 10 : version)) ++torn;
            before = version;
        }
    });
    for (int64_t n = 1; n <= kChanges; ++n) {
        const auto changed = prices_->put("m", Price{.input = n}, row());
        if (!changed || (*changed)->version() != n) ++torn;
    }
    is_done = true;
    reader.join();
    EXPECT_EQ(torn, 0);
}

TEST_F(PriceDirectoryTest, ChangesAtOnceAreAllThereAfterwards) {
    constexpr int kThreads = 4;
    constexpr int kEach = 25;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([this, t] {
            for (int i = 0; i < kEach; ++i) {
                const std::string name = "m" + std::to_string(t) + "-" + std::to_string(i);
                (void)prices_->put(name, Price{.input = 1}, row());
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(prices_->table()->overrides().size(), size_t{kThreads * kEach});
    EXPECT_EQ(prices_->table()->version(), kThreads * kEach);
}

}  // namespace
}  // namespace keywarden
