// Random creations, changes, revocations, rotations, restarts, and calls over the gateway's own
// store, memory and API, against the rules as a customer reads them.
#include <cstdlib>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "base/test_folder.h"
#include "tests/gateway_sim/world.h"

namespace keywarden::sim {
namespace {

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr int kSteps = 100'000;
#else
constexpr int kSteps = 1'000'000;
#endif

/// Of a run that failed, to see it again.
uint64_t a_seed() {
    const char* const again = std::getenv("KEYWARDEN_SEED");
    return again != nullptr ? std::stoull(again) : std::random_device{}();
}

TEST(GatewaySim, WhateverIsChangedAndCalledIsAnsweredAsTheRulesSay) {
    const uint64_t seed = a_seed();
    SCOPED_TRACE("KEYWARDEN_SEED=" + std::to_string(seed));
    const test::Folder folder;
    World world(seed, "sqlite:" + folder.path() + "/keywarden.db");
    for (int step = 0; step < kSteps; ++step) {
        world.step();
        if (testing::Test::HasFailure()) FAIL() << "at step " << step;
    }
    EXPECT_GT(world.verify_logs(), 100U);
    for (const std::string_view outcome : {"admitted",
                                           "rate_limit_exceeded",
                                           "concurrency_limit_exceeded",
                                           "quota_exceeded",
                                           "request_too_large",
                                           "model_not_allowed",
                                           "ip_not_allowed",
                                           "insufficient_scope",
                                           "endpoint_not_allowed",
                                           "team_access_denied",
                                           "account_inactive",
                                           "invoice_overdue",
                                           "revoked_api_key",
                                           "disabled_api_key",
                                           "key_quarantined",
                                           "expired_api_key",
                                           "invalid_api_key",
                                           "create taken",
                                           "create refused",
                                           "child taken",
                                           "child with a policy taken",
                                           "rotate taken",
                                           "rotate refused",
                                           "revoke taken",
                                           "close taken",
                                           "restarts"}) {
        EXPECT_GT(world.outcomes[std::string(outcome)], 0) << outcome;
    }
    for (const auto& [outcome, count] : world.outcomes) RecordProperty(outcome, count);
}

}  // namespace
}  // namespace keywarden::sim
