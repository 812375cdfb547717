#include "net/smtp_client.h"

#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "net/test_imposter.h"

namespace keywarden {
namespace {

constexpr std::string_view kMail = "Subject: hello\r\n\r\n.dots\r\n..two\r\n";

/// A mail server that answers each line in its turn, and what it heard.
class MailServerImposter {
public:
    /// `answers`: of the greeting, and of each line after it; then it hangs up.
    explicit MailServerImposter(std::vector<std::string> answers)
        : answers_(std::move(answers)), imposter_([this](test::Peer& peer) { serve(peer); }) {}

    MailServer terms(const std::string& url_scheme = "smtp") const {
        return *parse_mail_server(url_scheme + "://127.0.0.1:" + std::to_string(imposter_.port()));
    }
    std::vector<std::string> heard() {
        const std::lock_guard lock(mutex_);
        return heard_;
    }

private:
    void serve(test::Peer& peer) {
        bool in_mail = false;
        for (const std::string& answer : answers_) {
            if (!peer.say(answer + "\r\n")) return;
            const std::string line = peer.hear_until(in_mail ? "\r\n.\r\n" : "\r\n");
            if (line.empty()) return;
            in_mail = line == "DATA\r\n";
            const std::lock_guard lock(mutex_);
            heard_.push_back(line);
        }
    }

    std::vector<std::string> answers_;
    std::mutex mutex_;
    std::vector<std::string> heard_;
    Imposter imposter_;  // last: its threads use the others
};

Result<void> send(const MailServer& server) {
    return send_mail(server, "keys@example.test", "ann@example.test", kMail);
}

const std::vector<std::string> kGood = {"220 mail.test ESMTP",
                                        "250-mail.test\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME",
                                        "250 ok",
                                        "250 ok",
                                        "354 go on",
                                        "250 taken",
                                        "221 bye"};

TEST(SmtpClient, HandsAMailOver) {
    MailServerImposter there(kGood);
    const Result<void> sent = send(there.terms());
    ASSERT_TRUE(sent) << sent.error().message;
    const auto heard = there.heard();
    ASSERT_GE(heard.size(), 5U);
    EXPECT_EQ(heard[1], "MAIL FROM:<keys@example.test>\r\n");
    EXPECT_EQ(heard[2], "RCPT TO:<ann@example.test>\r\n");
    EXPECT_EQ(heard[4], "Subject: hello\r\n\r\n..dots\r\n...two\r\n.\r\n")
        << "no line of it ends the mail early";
}

TEST(SmtpClient, SignsInBeforeItSaysAnythingElse) {
    auto answers = kGood;
    answers.insert(answers.begin() + 2, "235 welcome");
    MailServerImposter there(answers);
    MailServer terms = there.terms();
    terms.username = "keys";
    terms.password = Secret("a password for tests");
    ASSERT_TRUE(send(terms));
    EXPECT_EQ(there.heard()[1], "AUTH PLAIN AGtleXMAYSBwYXNzd29yZCBmb3IgdGVzdHM=\r\n");
}

TEST(SmtpClient, SaysWhichStepWasRefusedAndNeverThePassword) {
    MailServerImposter there({"220 hi", "250 AUTH PLAIN", "535 5.7.8 bad \x01 credentials"});
    MailServer terms = there.terms();
    terms.username = "keys";
    terms.password = Secret("a password for tests");
    const Result<void> sent = send(terms);
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().message,
              "The mail server refused the password: 535 5.7.8 bad ? credentials");
    EXPECT_EQ(there.heard().size(), 2U) << "and nothing goes out after it";
}

TEST(SmtpClient, ARecipientThatIsRefusedIsToldOf) {
    MailServerImposter there({"220 hi", "250 ok", "250 ok", "550-no such\r\n550 user"});
    const Result<void> sent = send(there.terms());
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().message, "The mail server refused the recipient: 550 no such user");
}

TEST(SmtpClient, BeyondThisMachineNothingIsSaidInPlainText) {
    MailServerImposter there(kGood);
    MailServer terms = there.terms();
    terms.is_local = false;
    const Result<void> sent = send(terms);
    ASSERT_FALSE(sent);
    EXPECT_NE(sent.error().message.find("STARTTLS"), std::string::npos) << sent.error().message;
    EXPECT_EQ(there.heard().size(), 1U) << "EHLO";
}

// CVE-2011-0411 and the like: words that came before TLS would count as said under it.
TEST(SmtpClient, WhatIsSlippedInBeforeTlsIsNotBelieved) {
    MailServerImposter there({"220 hi", "250 STARTTLS", "220 go\r\n250 AUTH PLAIN"});
    const Result<void> sent = send(there.terms());
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().message, "The mail server spoke too soon.");
}

TEST(SmtpClient, AHandshakeThatFailsIsToldOf) {
    const Imposter there([](test::Peer& peer) {
        for (const char* answer : {"220 hi\r\n", "250 STARTTLS\r\n"}) {
            peer.say(answer);
            peer.hear_until("\r\n");
        }
        peer.say("220 go\r\n");
    });
    const Result<void> sent =
        send(*parse_mail_server("smtp://127.0.0.1:" + std::to_string(there.port())));
    ASSERT_FALSE(sent);
    EXPECT_TRUE(sent.error().message.starts_with("TLS with the mail server failed"))
        << sent.error().message;
}

TEST(SmtpClient, WhatIsNoMailServerIsNotTalkedTo) {
    for (const char* greeting : {"HTTP/1.1 400 Bad", "", "2x0 hi", "99 hi"}) {
        MailServerImposter there({greeting, ""});
        const Result<void> sent = send(there.terms());
        ASSERT_FALSE(sent);
        EXPECT_TRUE(sent.error().message.starts_with("What answers is no mail server")) << greeting;
        EXPECT_TRUE(there.heard().empty()) << greeting;
    }
}

TEST(SmtpClient, RepliesAreBounded) {
    std::string endless;
    for (int i = 0; i < 100; ++i) endless += "250-x\r\n";
    MailServerImposter many({"220 hi", endless});
    EXPECT_FALSE(send(many.terms()));
    MailServerImposter lengthy({"220 " + std::string(100'000, 'x')});
    EXPECT_EQ(send(lengthy.terms()).error().message, "The mail server's lines are too long.");
}

TEST(SmtpClient, AServerThatHangsUpIsAnError) {
    for (size_t said = 1; said + 1 < kGood.size(); ++said) {
        MailServerImposter there({kGood.begin(), kGood.begin() + static_cast<ptrdiff_t>(said)});
        EXPECT_FALSE(send(there.terms())) << said;
    }
}

TEST(SmtpClient, TheServerIsNamedByAUrl) {
    EXPECT_EQ(parse_mail_server("smtp://mail.example.test")->port, 587);
    EXPECT_EQ(parse_mail_server("smtps://mail.example.test")->port, 465);
    EXPECT_TRUE(parse_mail_server("smtps://mail.example.test")->tls_at_once);
    EXPECT_FALSE(parse_mail_server("smtp://mail.example.test:2525")->is_local);
    EXPECT_EQ(parse_mail_server("smtp://[::1]:25")->host, "::1");
    EXPECT_TRUE(parse_mail_server("smtp://[::1]:25")->is_local);
    EXPECT_TRUE(parse_mail_server("smtp://localhost")->is_local);
    EXPECT_FALSE(parse_mail_server("smtp://127.example.test")->is_local);
    for (const char* bad : {"mail.example.test",
                            "http://mail.example.test",
                            "smtp://",
                            "smtp://a:0",
                            "smtp://a:x",
                            "smtp://a b",
                            "smtp://u:p@a"}) {
        EXPECT_FALSE(parse_mail_server(bad)) << bad;
    }
}

}  // namespace
}  // namespace keywarden
