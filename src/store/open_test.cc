#include "store/open.h"

#include <gtest/gtest.h>

namespace keywarden {
namespace {

TEST(OpenStore, KnowsItsSchemes) {
    EXPECT_TRUE(open_store("memory:"));
    for (const char* url : {"", "memory", "postgres://localhost/kw", "/var/lib/kw.db"}) {
        const auto refused = open_store(url);
        ASSERT_FALSE(refused) << url;
        EXPECT_EQ(refused.error().code, ErrorCode::InvalidConfig);
        EXPECT_NE(refused.error().message.find("sqlite:"), std::string::npos) << "says what works";
    }
}

}  // namespace
}  // namespace keywarden
