#include "proxy/roles.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

/// The text with each of them written as X.
std::string marked(const std::string& text) {
    std::string out;
    size_t from = 0;
    DeveloperRoles roles(text);
    while (const auto role = roles.next()) {
        EXPECT_EQ(role->of(text), R"("developer")");
        out += text.substr(from, role->begin - from) + "X";
        from = role->end;
    }
    EXPECT_FALSE(roles.next());
    return out + text.substr(from);
}

TEST(DeveloperRoles, AreFoundWhereverTheyStandInAMessage) {
    EXPECT_EQ(marked(R"([{"role":"developer","content":"a"}])"), R"([{"role":X,"content":"a"}])");
    EXPECT_EQ(marked(R"( [ { "content" : "a" , "role" : "developer" } ,
                         {"role":"user"},{"role":"developer"} ])"),
              R"( [ { "content" : "a" , "role" : X } ,
                         {"role":"user"},{"role":X} ])");
    EXPECT_EQ(marked(R"([{"content":[{"type":"text","text":"a"}],"role":"developer"}])"),
              R"([{"content":[{"type":"text","text":"a"}],"role":X}])");
}

TEST(DeveloperRoles, AreNothingElseThatLooksAlike) {
    for (const std::string other :
         {R"([{"role":"user","content":"\"role\":\"developer\""}])",
          R"([{"role":"user","content":"{\\"},{"role":"user","name":"developer"}])",
          R"([{"role":"user","developer":"role"}])",
          R"([{"role":"user","content":[{"role":"developer"}],"x":{"role":"developer"}}])",
          R"([["role","developer"],"developer",{"role":["developer"]}])",
          R"([{"role":null,"content":"developer"}])",
          R"([{"role":"Developer"},{"Role":"developer"}])",
          R"([])"}) {
        EXPECT_EQ(marked(other), other);
    }
}

TEST(DeveloperRoles, NothingIsReadPastTheEnd) {
    const std::string text = R"([{"role":"developer","content":"a\\\"b"}])";
    for (size_t size = 0; size <= text.size(); ++size) {
        const std::vector<char> cut(text.begin(), text.begin() + static_cast<ptrdiff_t>(size));
        DeveloperRoles roles({cut.data(), cut.size()});
        while (roles.next()) {
        }
    }
}

}  // namespace
}  // namespace keywarden
