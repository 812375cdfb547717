// Links to come in with are mailed to whom they are for, where there is a mail server.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "admin/api_fixture.h"

namespace keywarden {
namespace {

class LinkMails : public ApiFixture {
protected:
    struct Sent {
        std::string to;
        std::string subject;
        std::string text;
    };

    /// `problem`: what the server says against each; empty: it takes them.
    void have_mail(std::string problem = {}) {
        context_->public_url = "https://keys.example.test";
        context_->send_mail = [this, problem](const std::string& to,
                                              const std::string& subject,
                                              const std::string& text) {
            sent_.push_back({to, subject, text});
            return problem;
        };
    }
    Reply invite(std::vector<Header> headers = {}) {
        return send(Method::Post,
                    "/v1/account/invitations",
                    R"({"email":"b@example.test","role":"viewer"})",
                    std::move(headers));
    }

    std::vector<Sent> sent_;
};

TEST_F(LinkMails, AnInvitationIsMailedToWhoIsInvited) {
    have_mail();
    const Json made = invite().json();
    EXPECT_EQ(made["mailed"], true) << made;
    EXPECT_FALSE(made.contains("mail_error"));
    ASSERT_EQ(sent_.size(), 1U);
    EXPECT_EQ(sent_[0].to, "b@example.test");
    EXPECT_EQ(sent_[0].subject, "Invitation to the team First");
    const std::string link = made["link"];
    EXPECT_TRUE(link.starts_with("https://keys.example.test/invitation#token=")) << link;
    EXPECT_NE(sent_[0].text.find("\n" + link + "\n"), std::string::npos) << sent_[0].text;
    EXPECT_NE(sent_[0].text.find("as viewer"), std::string::npos);
    EXPECT_NE(sent_[0].text.find("within 7 days to join"), std::string::npos);
}

TEST_F(LinkMails, OneThatIsNotTakenIsToldOfAndTheInvitationStands) {
    have_mail("The mail server refused the recipient: 550 no such user");
    const Reply reply = invite();
    EXPECT_EQ(reply.status, 201);
    EXPECT_EQ(reply.json()["mailed"], false);
    EXPECT_EQ(reply.json()["mail_error"],
              "The mail server refused the recipient: 550 no such user");
    EXPECT_TRUE(reply.json().contains("link")) << "to be handed over in another way";
    EXPECT_EQ(get("/v1/account/invitations").json()["data"].size(), 1U);
}

TEST_F(LinkMails, WithoutAMailServerNothingIsSaidOfMails) {
    const Json made = invite().json();
    EXPECT_FALSE(made.contains("mailed"));
    EXPECT_FALSE(made.contains("mail_error"));
}

TEST_F(LinkMails, AnInvitationIsMailedOnceHoweverOftenItIsAskedFor) {
    have_mail();
    const std::vector<Header> once = {{"Idempotency-Key", "one"}};
    ASSERT_EQ(invite(once).status, 201);
    const Json again = invite(once).json();
    EXPECT_EQ(again["email"], "b@example.test");
    EXPECT_FALSE(again.contains("link"));
    EXPECT_EQ(sent_.size(), 1U);
}

TEST_F(LinkMails, AnInvitationThatIsRefusedIsMailedToNobody) {
    have_mail();
    EXPECT_EQ(post("/v1/account/invitations", R"({"email":"b@example.test"})").status, 400);
    const Reply member =
        post("/v1/account/members", R"({"email":"b@example.test","role":"viewer"})");
    ASSERT_EQ(member.status, 201) << member.body;
    EXPECT_EQ(invite().status, 400) << "a member's already";
    EXPECT_TRUE(sent_.empty());
}

TEST_F(LinkMails, ALinkToSetAPasswordIsMailedToItsUser) {
    have_mail();
    const Json user =
        post("/v1/account/members", R"({"email":"c@example.test","role":"viewer"})").json();
    const Json made =
        post("/v1/admin/users/" + user["user"].get<std::string>() + "/reset-link", "").json();
    EXPECT_EQ(made["mailed"], true) << made;
    ASSERT_EQ(sent_.size(), 1U);
    EXPECT_EQ(sent_[0].to, "c@example.test");
    EXPECT_NE(sent_[0].text.find("https://keys.example.test/reset#token="), std::string::npos);
    EXPECT_NE(sent_[0].text.find("within 24 hours"), std::string::npos) << sent_[0].text;
}

}  // namespace
}  // namespace keywarden
