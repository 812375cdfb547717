#include "base/mail.h"

#include <gtest/gtest.h>

namespace keywarden {
namespace {

// 2026-11-20 11:33:59 UTC
constexpr TimePoint kNow{std::chrono::seconds(1'795'174'439)};

Mail mail() {
    return {.from = {.name = "Keywarden", .address = "keys@example.test"},
            .to = "ann@example.test",
            .subject = "An invitation",
            .text = "Hello.\n"};
}

TEST(Mail, IsAMessageThatServersTake) {
    EXPECT_EQ(render_mail(mail(), "id-1", kNow),
              "From: \"Keywarden\" <keys@example.test>\r\n"
              "To: <ann@example.test>\r\n"
              "Subject: An invitation\r\n"
              "Date: Fri, 20 Nov 2026 11:33:59 +0000\r\n"
              "Message-ID: <id-1@example.test>\r\n"
              "MIME-Version: 1.0\r\n"
              "Content-Type: text/plain; charset=utf-8\r\n"
              "Content-Transfer-Encoding: base64\r\n"
              "Auto-Submitted: auto-generated\r\n"
              "\r\n"
              "SGVsbG8uCg==\r\n");
}

TEST(Mail, LettersBeyondAsciiAreEncoded) {
    Mail said = mail();
    said.subject = "Grüße";
    said.from.name = "Schlüssel";
    const std::string text = render_mail(said, "id-1", kNow);
    EXPECT_NE(text.find("Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\n"), std::string::npos) << text;
    EXPECT_NE(text.find("From: =?utf-8?B?U2NobMO8c3NlbA==?= <"), std::string::npos) << text;
}

TEST(Mail, NoSubjectIsAHeaderOfItsOwn) {
    Mail said = mail();
    said.subject = "x\r\nBcc: eve@example.test";
    const std::string text = render_mail(said, "id-1", kNow);
    EXPECT_EQ(text.find("Bcc"), std::string::npos) << text;
    said.subject = "=?utf-8?Q?hidden?=";
    EXPECT_EQ(render_mail(said, "id-1", kNow).find("hidden"), std::string::npos);
}

TEST(Mail, NoLineIsTooLongAndNoLetterIsCutInTwo) {
    Mail said = mail();
    for (int i = 0; i < 200; ++i) said.subject += "é";
    said.text = std::string(1'000, 'w');
    const std::string text = render_mail(said, "id-1", kNow);
    for (size_t at = 0; at < text.size();) {
        const size_t end = text.find("\r\n", at);
        ASSERT_NE(end, std::string::npos);
        EXPECT_LE(end - at, 78U) << text.substr(at, end - at);
        at = end + 2;
    }
    said.subject = "x" + said.subject;  // so that 36 bytes would end within a letter
    EXPECT_EQ(render_mail(said, "id-1", kNow).find("=?utf-8?B?q"), std::string::npos);
    EXPECT_NE(text.find("=?utf-8?B?w6nDqcOp"), std::string::npos);
    EXPECT_EQ(text.find("=?utf-8?B?q"), std::string::npos);
}

TEST(Mail, AddressesThatWouldNeedQuotesAreRefused) {
    for (const char* good : {"a@b", "ann.lee+x@mail.example.test", "o'neil@example.test"}) {
        EXPECT_TRUE(is_mail_address(good)) << good;
    }
    for (const char* bad : {"",
                            "@b",
                            "a@",
                            "a",
                            "a b@c",
                            "a@b c",
                            "a>@b",
                            "<a@b",
                            "a\r\n@b",
                            "\"a\"@b",
                            "a@-b",
                            "a@b.",
                            "ä@b.test",
                            "a,b@c",
                            "a@b@c"}) {
        EXPECT_FALSE(is_mail_address(bad)) << bad;
    }
    EXPECT_FALSE(is_mail_address(std::string(300, 'a') + "@b"));
}

TEST(Mail, ASenderMayHaveAName) {
    EXPECT_EQ(parse_mail_address("keys@example.test")->name, "");
    EXPECT_EQ(parse_mail_address("The Keys <keys@example.test>")->name, "The Keys");
    EXPECT_EQ(parse_mail_address("The Keys <keys@example.test>")->address, "keys@example.test");
    EXPECT_FALSE(parse_mail_address("The Keys"));
    EXPECT_FALSE(parse_mail_address("a\nb <keys@example.test>"));
}

}  // namespace
}  // namespace keywarden
