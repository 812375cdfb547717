#include "domain/call_record.h"

#include <gtest/gtest.h>

namespace keywarden {
namespace {

TEST(CallRecord, WhatWasAnsweredOrMayHaveBeenMadeStandsForWhoeverSendsItAgain) {
    CallRecord call{.repeat_key = {1}, .status = 200};
    EXPECT_TRUE(stands_for_repeats(call));
    call.outcome = CallOutcome::Expired;
    call.status = 0;
    EXPECT_TRUE(stands_for_repeats(call)) << "it was charged, and nobody knows what came of it";
    call.repeat_key = {};
    EXPECT_FALSE(stands_for_repeats(call));
}

TEST(CallRecord, WhatWasToldToHaveFailedMayBeSentAgain) {
    const CallRecord answered{.repeat_key = {1}, .status = 200};
    CallRecord call = answered;
    call.outcome = CallOutcome::Voided;
    EXPECT_FALSE(stands_for_repeats(call));
    call = answered;
    call.status = 500;
    EXPECT_FALSE(stands_for_repeats(call));
    call = answered;
    call.error = "upstream_error";
    EXPECT_FALSE(stands_for_repeats(call)) << "after the head";
    call = answered;
    call.status = 0;
    EXPECT_FALSE(stands_for_repeats(call)) << "it was let go before there was an answer";
}

}  // namespace
}  // namespace keywarden
