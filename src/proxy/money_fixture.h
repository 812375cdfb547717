// For tests: prices, accounts, and a real journal, for calls that are charged.
#pragma once

#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/test_folder.h"
#include "domain/price_book.h"
#include "store/journal.h"
#include "store/price_directory.h"
#include "store/spend_directory.h"

namespace keywarden {

/// Of the providers "up" and "claude", whose models have no price of the book's.
struct TestMoney {
    TestMoney(const Clock& clock, UsageStore& store, size_t journal_bytes_max)
        : spend(clock), prices(store, built_in_price_book(), kProviders, kEstimate) {
        auto opened = Journal::open(
            {.dir = folder.path() + "/journal",
             .segment_bytes = size_t{1} << 20U,
             .bytes_max = journal_bytes_max},
            {},
            [](const CallRecord&) {},
            clock.now());
        EXPECT_TRUE(opened) << opened.error().message;
        if (opened) journal = *std::move(opened);
    }

    static constexpr Price kEstimate{.input = 3'000'000'000, .output = 3'000'000'000};
    inline static const std::vector<PricedProvider> kProviders = {{.name = "up", .host = ""},
                                                                  {.name = "claude", .host = ""}};

    test::Folder folder;
    SpendDirectory spend;
    PriceDirectory prices;
    std::unique_ptr<Journal> journal;
};

}  // namespace keywarden
