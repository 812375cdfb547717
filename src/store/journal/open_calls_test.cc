#include "store/journal/open_calls.h"

#include <map>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "store/journal/journal_fixture.h"

namespace keywarden {
namespace {

using test::id_of;

// Few ids in a table that grows: they meet, wrap around, and are moved up.
RC_GTEST_PROP(OpenCalls, AreAsAMapWouldKeepThem, ()) {
    OpenCalls calls;
    std::map<CallId, size_t> model;
    const auto steps = *rc::gen::inRange(0, 4000);
    for (int step = 0; step < steps; ++step) {
        const CallId id = id_of(*rc::gen::inRange<uint64_t>(0, 900));
        if (*rc::gen::inRange(0, 3) == 0) {
            calls.forget(id);
            model.erase(id);
        } else {
            calls.note(id, {.epoch = 1}, static_cast<size_t>(step), {});
            model[id] = static_cast<size_t>(step);
        }
    }
    const auto all = calls.all();
    RC_ASSERT(all.size() == model.size());
    for (const OpenCalls::Call& call : all) {
        RC_ASSERT(model.contains(call.id));
        RC_ASSERT(model.at(call.id) == call.offset);
    }
}

TEST(OpenCalls, GoOnWithHowFarTheyCame) {
    OpenCalls calls;
    calls.note(id_of(1), {.epoch = 1}, 64, {.sent = true, .output_tokens = 7});
    calls.note(id_of(1), {.epoch = 1, .sequence = 2}, 128, {.sent = true});
    ASSERT_EQ(calls.all().size(), 1U);
    const OpenCalls::Call call = calls.all().front();
    EXPECT_EQ(call.segment.sequence, 2U) << "its last frame";
    EXPECT_EQ(call.offset, 128U);
    EXPECT_EQ(call.progress, (Progress{.sent = true, .output_tokens = 7}));
    calls.note(id_of(1), {.epoch = 1, .sequence = 3}, 64, {.sent = true, .output_tokens = 9});
    EXPECT_EQ(calls.all().front().progress.output_tokens, 9U);
}

TEST(OpenCalls, ForgettingWhatIsNotThereDoesNothing) {
    OpenCalls calls;
    calls.forget(id_of(1));
    calls.note(id_of(2), {}, 0, {});
    calls.forget(id_of(1));
    EXPECT_EQ(calls.all().size(), 1U);
}

}  // namespace
}  // namespace keywarden
