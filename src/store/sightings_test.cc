#include "store/sightings.h"

#include <algorithm>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

class SightingsTest : public testing::Test {
protected:
    std::unique_ptr<Sightings> sightings_ = std::make_unique<Sightings>();
};

TEST_F(SightingsTest, EachPairIsToldOnceWithItsLastSecond) {
    for (uint32_t second = 5; second < 9; ++second) {
        sightings_->note({.secret = 7, .network = {1}, .second = second});
        sightings_->note({.secret = 7, .network = {2}, .second = 5});
        sightings_->note({.secret = 8, .network = {1}, .second = 6});
    }
    sightings_->note({.secret = 7, .network = {1}, .second = 3});
    std::vector<Sightings::Seen> seen = sightings_->collect();
    ASSERT_EQ(seen.size(), 3U);
    std::ranges::sort(
        seen, {}, [](const auto& each) { return std::pair(each.secret, each.network.value); });
    EXPECT_EQ(seen[0].second, 8U);
    EXPECT_EQ(seen[1].second, 5U);
    EXPECT_EQ(seen[2].secret, 8U);
    EXPECT_TRUE(sightings_->collect().empty());
    sightings_->note({.secret = 7, .network = {1}, .second = 8});
    seen = sightings_->collect();
    ASSERT_EQ(seen.size(), 1U) << "it could not be written, and comes back";
    EXPECT_EQ(seen[0].second, 8U);
}

TEST_F(SightingsTest, MoreThanThereIsRoomForAreLeftOutAndComeTheNextTime) {
    for (uint32_t secret = 0; secret < 4 * Sightings::kPlaces; ++secret) {
        sightings_->note({.secret = secret, .network = {1}, .second = 1});
    }
    const size_t first = sightings_->collect().size();
    EXPECT_LE(first, Sightings::kPlaces);
    EXPECT_GT(first, Sightings::kPlaces / 2);
    sightings_->note({.secret = 123'456, .network = {1}, .second = 2});
    EXPECT_EQ(sightings_->collect().size(), 1U);
}

TEST_F(SightingsTest, NoThreadsSightingIsLost) {
    std::vector<Sightings::Seen> seen;
    {
        std::vector<std::jthread> threads;
        for (uint32_t thread = 0; thread < 4; ++thread) {
            threads.emplace_back([&, thread] {
                for (uint32_t i = 0; i < 20'000; ++i) {
                    sightings_->note({.secret = i % 5, .network = {1 + thread}, .second = 1 + i});
                }
            });
        }
        for (int i = 0; i < 100; ++i) {
            for (const auto& each : sightings_->collect()) seen.push_back(each);
        }
    }
    for (const auto& each : sightings_->collect()) seen.push_back(each);
    for (uint32_t secret = 0; secret < 5; ++secret) {
        for (uint64_t network = 1; network <= 4; ++network) {
            uint32_t last = 0;
            for (const auto& each : seen) {
                if (each.secret == secret && each.network.value == network) {
                    last = std::max(last, each.second);
                }
            }
            EXPECT_EQ(last, 20'000 - 4 + secret);
        }
    }
}

}  // namespace
}  // namespace keywarden
