#include "app/mailer.h"

#include <string>

#include <gtest/gtest.h>

#include "base/test_folder.h"

namespace keywarden {
namespace {

Settings settings() {
    Settings out = default_settings();
    out.mail_server = "smtp://mail.example.test";
    out.mail_from = "Keywarden <keys@example.test>";
    out.public_url = "https://keys.example.test";
    return out;
}

std::string complaint(const Settings& settings) {
    const auto checked = check_mail(settings);
    return checked ? "fine" : checked.error().param;
}

TEST(Mailer, NothingIsMailedUnlessAServerIsNamed) {
    EXPECT_EQ(complaint(default_settings()), "fine");
    EXPECT_EQ(Mailer::open(default_settings())->has_value(), false);
    EXPECT_EQ(complaint(settings()), "fine");
    EXPECT_TRUE(Mailer::open(settings())->has_value());
}

TEST(Mailer, WhatDoesNotGoTogetherIsSaid) {
    Settings bad = settings();
    bad.mail_server = "mail.example.test";
    EXPECT_EQ(complaint(bad), "mail.server");
    bad = settings();
    bad.mail_from = "";
    EXPECT_EQ(complaint(bad), "mail.from");
    bad = settings();
    bad.mail_username = "keys";
    EXPECT_EQ(complaint(bad), "mail.username");
    bad = settings();
    bad.public_url = "";
    EXPECT_EQ(complaint(bad), "mail.server") << "a Host header says where no mail leads";
    bad = default_settings();
    bad.mail_from = "keys@example.test";
    EXPECT_EQ(complaint(bad), "mail.from");
}

TEST(Mailer, APasswordThatCannotBeReadIsAnErrorOfTheStart) {
    const test::Folder folder;
    Settings bad = settings();
    bad.mail_username = "keys";
    bad.mail_password_file = folder.path() + "/nowhere";
    const auto opened = Mailer::open(bad);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().param, "mail.password_file");
}

TEST(Mailer, AnAddressThatNoCommandCanHoldIsSentNowhere) {
    const auto mailer = *Mailer::open(settings());
    EXPECT_EQ(mailer->send("a\r\nRCPT TO:<eve@example.test>", "s", "t"),
              "The address cannot stand in a mail.");
}

}  // namespace
}  // namespace keywarden
