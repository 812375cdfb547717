#include "base/password.h"

#include <sys/resource.h>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

TEST(Password, OnlyTheOneThatWasHashedIsIt) {
    const auto hash = hash_password(Secret("correct horse battery"));
    ASSERT_TRUE(hash);
    EXPECT_TRUE(*is_password(*hash, Secret("correct horse battery")));
    EXPECT_FALSE(*is_password(*hash, Secret("correct horse batterz")));
    EXPECT_FALSE(*is_password(*hash, Secret("")));
    EXPECT_FALSE(*is_password("", Secret("correct horse battery")));
    EXPECT_FALSE(*is_password("not a hash", Secret("correct horse battery")));
}

TEST(Password, ItsHashSaysHowItIsCheckedAndIsAnotherEachTime) {
    const auto one = hash_password(Secret("correct horse battery"));
    const auto other = hash_password(Secret("correct horse battery"));
    ASSERT_TRUE(one && other);
    EXPECT_TRUE(one->starts_with("$argon2id$v=19$m=65536,t=2,p=1$"));
    EXPECT_NE(*one, *other);
}

TEST(Password, WhoHasNoneCostsAsMuchAsWhoHasOne) {
    // Not by the clock: what stands for no password is read, and costs the same by what it says.
    EXPECT_FALSE(*is_password("", Secret("")));
    EXPECT_FALSE(*is_password("", Secret(std::string(kPasswordMax, 'x'))));
}

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)  // they need memory, too
TEST(Password, WithoutMemoryNoneIsCalledWrong) {
    const auto hash = hash_password(Secret("correct horse battery"));
    ASSERT_TRUE(hash);
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_AS, &limit), 0);
    const rlimit none{.rlim_cur = 1, .rlim_max = limit.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_AS, &none), 0);
    const auto checked = is_password(*hash, Secret("correct horse battery"));
    const auto nobodys = is_password("", Secret("correct horse battery"));
    ::setrlimit(RLIMIT_AS, &limit);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::Overloaded);
    EXPECT_FALSE(nobodys);
    EXPECT_TRUE(*is_password(*hash, Secret("correct horse battery")));
}
#endif

}  // namespace
}  // namespace keywarden
