#include "proxy/demanded_class.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "proxy/routes_fixture.h"

namespace keywarden {
namespace {

class DemandedClass : public Routes {
protected:
    void SetUp() override {
        Routes::SetUp();
        add_imposters({json_answer(kReply), json_answer(kReply), json_answer(kReply)});
        parts_.providers.at(provider("p1")).privacy = PrivacyClass::Zdr;
        parts_.providers.at(provider("p2")).privacy = PrivacyClass::Tee;
        add_route({{"m0"}, {"m1"}, {"m2"}});
        start();
    }

    size_t provider(std::string_view name) const {
        return static_cast<size_t>(std::ranges::find(parts_.providers, name, &Provider::name) -
                                   parts_.providers.begin());
    }
    /// Who served a call that demands `classes`; else its status.
    std::string ask_for(std::string_view model, std::string_view classes) {
        const std::string answer =
            chat(R"({"model":")" + std::string(model) + R"(","messages":[]})",
                 "X-Keywarden-Class: " + std::string(classes) + "\r\n");
        if (status(answer) != 200) return std::to_string(status(answer));
        return std::string(field(answer, "x-keywarden-provider"));
    }
};

TEST_F(DemandedClass, OnlyWhoIsOfItServes) {
    EXPECT_EQ(ask_for("m1", "zdr"), "p1");
    EXPECT_EQ(ask_for("m2", "zdr, tee"), "p2");
    EXPECT_EQ(ask_for("m0", "standard"), "p0");
    EXPECT_EQ(ask_for("m0", "zdr"), "403");
    EXPECT_EQ(ask_for("m1", "tee"), "403") << "neither stands for the other";
    EXPECT_EQ(ask_for("m2", "zdr"), "403");
    EXPECT_EQ(heard(0), 1);
    EXPECT_EQ(heard(1), 1);
    EXPECT_EQ(heard(2), 1);
}

TEST_F(DemandedClass, OfARouteTheTargetsThatAreOfItServe) {
    EXPECT_EQ(ask_for("house", "tee"), "p2");
    EXPECT_EQ(ask_for("house", "tee,zdr"), "p1");
    EXPECT_EQ(heard(0), 0);
    Policy policy;
    policy.classes.deny = {PrivacyClass::Tee};
    put_policy(policy);
    EXPECT_EQ(ask_for("house", "tee"), "403") << "a demand widens nothing";
}

TEST_F(DemandedClass, ADenialSaysWhatDeniesIt) {
    const std::string answer =
        chat(R"({"model":"m0","messages":[]})", "X-Keywarden-Class: zdr\r\n");
    EXPECT_NE(answer.find("model_not_allowed"), answer.npos) << answer;
    EXPECT_NE(answer.find(R"("denied_by":"request")"), answer.npos) << answer;
    EXPECT_NE(answer.find("'m0' of p0 is standard"), answer.npos) << answer;
}

TEST_F(DemandedClass, WhatIsNoClassIsRefused) {
    for (const char* wrong : {"", "private", "zdr,", ",zdr", "ZDR", "zdr tee", "zdr;q=1"}) {
        EXPECT_EQ(ask_for("m1", wrong), "400") << wrong;
    }
    const std::string twice = chat(R"({"model":"m1","messages":[]})",
                                   "X-Keywarden-Class: zdr\r\nX-Keywarden-Class: tee\r\n");
    EXPECT_EQ(status(twice), 400);
    EXPECT_NE(twice.find(R"("param":"X-Keywarden-Class")"), twice.npos) << twice;
    EXPECT_EQ(heard(1), 0);
}

}  // namespace
}  // namespace keywarden
