#include "domain/call_id.h"

#include <string>

#include <gtest/gtest.h>

#include "base/clock.h"

namespace keywarden {
namespace {

constexpr std::string_view kText = "0192f0c1-23ab-7cde-89ab-0123456789ff";

TEST(CallId, IsWrittenAsItIsRead) {
    const CallId id = call_id_of(kText).value();
    EXPECT_EQ(id[0], 0x01);
    EXPECT_EQ(id[15], 0xff);
    EXPECT_EQ(text_of(id).view(), kText);
    for (int i = 0; i < 100; ++i) {
        const RequestId made = new_request_id(from_millis(1'795'173'342'123));
        ASSERT_TRUE(call_id_of(made.view())) << made.view();
        EXPECT_EQ(text_of(*call_id_of(made.view())).view(), made.view());
    }
}

TEST(CallId, IsNothingElse) {
    const std::string text(kText);
    for (const std::string& bad : {std::string(),
                                   text.substr(1),
                                   text + "0",
                                   "g" + text.substr(1),
                                   "A" + text.substr(1),
                                   text.substr(0, 8) + "0" + text.substr(9),
                                   text.substr(0, 35) + "-",
                                   std::string(36, '-'),
                                   std::string(36, '0'),
                                   std::string(36, '\0')}) {
        EXPECT_FALSE(call_id_of(bad)) << bad;
    }
}

}  // namespace
}  // namespace keywarden
