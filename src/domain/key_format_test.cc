#include "domain/key_format.h"

#include <algorithm>
#include <regex>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace keywarden {
namespace {

const std::vector<std::string> kMintable = {"keywarden", "orqen", "orbitkit", "orgn"};

KeyFormats all_formats() {
    return *KeyFormats::open({"keywarden", "orqen", "orbitkit", "orgn", "opaque"},
                             Secret("a pepper for tests"));
}

const KeyFormats& formats() {
    static const KeyFormats kAll = all_formats();
    return kAll;
}

std::string minted(const std::string& format, bool test = false) {
    return std::string(formats().mint(*formats().find(format), test).secret.reveal());
}

/// The name of the format that `presented` fits, or "none".
std::string format_of(std::string_view presented) {
    const auto parsed = formats().parse(presented);
    return parsed ? formats().all()[parsed->format].name : "none";
}

TEST(KeyFormat, EachPrefixSaysWhoseKeyItIs) {
    EXPECT_TRUE(minted("keywarden").starts_with("kw_live_"));
    EXPECT_TRUE(minted("keywarden", true).starts_with("kw_test_"));
    EXPECT_TRUE(minted("orqen").starts_with("sk-orq-"));
    EXPECT_TRUE(minted("orbitkit").starts_with("ok_"));
    EXPECT_TRUE(minted("orgn").starts_with("sk-ollm-"));
}

TEST(KeyFormat, LengthsAreThoseOfTheContract) {
    EXPECT_EQ(minted("keywarden").size(), 70U);
    EXPECT_EQ(minted("orqen").size(), 7U + 64);
    EXPECT_EQ(minted("orbitkit").size(), 3U + 8 + 1 + 24);
    EXPECT_EQ(minted("orgn").size(), 8U + 32);
}

TEST(KeyFormat, TakesAKeyApart) {
    const std::string key = minted("keywarden", true);
    const auto parsed = formats().parse(key);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->environment, "test");
    EXPECT_EQ(parsed->id, std::string_view(key).substr(8, 12));
    EXPECT_EQ(parsed->secret, std::string_view(key).substr(21, 43));

    const std::string long_orgn = "sk-ollm-a1B2c3D4e5F6-" + std::string(48, 'Z');
    const auto orgn = formats().parse(long_orgn);
    ASSERT_TRUE(orgn) << "the second shape";
    EXPECT_EQ(orgn->id, "a1B2c3D4e5F6");
    EXPECT_EQ(orgn->secret, std::string(48, 'Z'));
}

TEST(KeyFormat, OpaqueTakesOnlyWhatNoPrefixClaims) {
    EXPECT_EQ(format_of(std::string(20, 'x')), "opaque");
    EXPECT_EQ(format_of(std::string(512, 'x')), "opaque");
    EXPECT_EQ(format_of(std::string(19, 'x')), "none");
    EXPECT_EQ(format_of(std::string(513, 'x')), "none");
    EXPECT_EQ(format_of("sk-1234567890123456789"), "opaque");
    EXPECT_EQ(format_of("a key with spaces in it, yes"), "none");
    EXPECT_EQ(format_of("naïve-naïve-naïve-naïve"), "none");
    EXPECT_EQ(format_of("kw_12345678901234567890"), "none");
    EXPECT_EQ(format_of("sk-orq-1234567890123456"), "none");
    EXPECT_EQ(format_of("sk-ollm-123456789012345"), "none");
}

TEST(KeyFormat, OnlyWhatIsEnabledIsAccepted) {
    const KeyFormats one = *KeyFormats::open({"orqen"}, Secret("p"));
    EXPECT_TRUE(one.parse(minted("orqen")));
    EXPECT_FALSE(one.parse(minted("keywarden")));
    EXPECT_EQ(one.find("keywarden"), nullptr);
    // A prefix claims nothing for a format that is not enabled.
    const KeyFormats opaque = *KeyFormats::open({"opaque"}, Secret("p"));
    EXPECT_TRUE(opaque.parse(minted("keywarden")));
}

TEST(KeyFormat, AnUnknownOrEmptyChoiceStopsTheStart) {
    const auto unknown = KeyFormats::open({"keywarden", "keywaren"}, Secret("p"));
    EXPECT_EQ(unknown.error().code, ErrorCode::InvalidConfig);
    EXPECT_NE(unknown.error().message.find("keywaren"), std::string::npos);
    EXPECT_NE(unknown.error().message.find("orbitkit"), std::string::npos) << "says what there is";
    EXPECT_EQ(KeyFormats::open({}, Secret("p")).error().code, ErrorCode::InvalidConfig);
    EXPECT_EQ(KeyFormats::open({"orqen", "orqen"}, Secret("p"))->all().size(), 1U);
}

TEST(KeyFormat, ADigestDependsOnWhatTheRuleSays) {
    const KeyFormats other = *KeyFormats::open({"keywarden", "orqen", "orbitkit"}, Secret("q"));
    const auto digests = [&](const std::string& key) {
        return std::pair(formats().digest(key, formats().parse(key)),
                         other.digest(key, other.parse(key)));
    };
    const auto [ours, theirs] = digests(minted("keywarden"));
    EXPECT_NE(ours, theirs) << "the pepper counts";
    const std::string orqen = minted("orqen");
    EXPECT_EQ(digests(orqen).first, digests(orqen).second);
    EXPECT_EQ(digests(orqen).first, sha256(orqen));
}

TEST(KeyFormat, OrbitkitIsFoundByItsIdAndTheHashOfItsSecret) {
    const std::string key = minted("orbitkit");
    const auto parsed = formats().parse(key);
    EXPECT_EQ(formats().digest(key, parsed), stored_digest(parsed->id, sha256(parsed->secret)));
    std::string other_id = key;
    other_id[3] = other_id[3] == 'a' ? 'b' : 'a';
    EXPECT_NE(formats().digest(key, parsed), formats().digest(other_id, formats().parse(other_id)));
}

TEST(KeyFormat, WhatFitsNoFormatIsHashedAllTheSame) {
    EXPECT_NE(formats().digest("x", {}), formats().digest("y", {}));
    EXPECT_EQ(formats().digest(std::string(kPresentedMax, 'x'), {}),
              formats().digest(std::string(100'000, 'x'), {}))
        << "and no further than a key is long";
}

TEST(KeyFormat, ShowsWhoseKeyItIsAndNotTheKey) {
    const auto shown = [](const std::string& key) {
        return formats().display(key, *formats().parse(key));
    };
    const std::string key = minted("keywarden");
    EXPECT_EQ(shown(key), key.substr(0, 20) + "…" + key.substr(66));
    const std::string orqen = minted("orqen");
    EXPECT_EQ(shown(orqen), orqen.substr(0, 11) + "…" + orqen.substr(67));
    const std::string orbitkit = minted("orbitkit");
    EXPECT_EQ(shown(orbitkit), orbitkit.substr(0, 11) + "…" + orbitkit.substr(32));
    EXPECT_EQ(shown("abcdefghijklmnopqrstuvwxyz"), "…wxyz");
    EXPECT_TRUE(
        KeyFormats::is_test(*formats().find("keywarden"), shown(minted("keywarden", true))));
    EXPECT_FALSE(KeyFormats::is_test(*formats().find("keywarden"), shown(key)));
    EXPECT_FALSE(KeyFormats::is_test(*formats().find("orqen"), shown(orqen)));
}

TEST(KeyFormat, TellsScannersWhatToLookFor) {
    const auto regex = [](const char* name) {
        return KeyFormats::scanner_regex(*formats().find(name));
    };
    EXPECT_EQ(regex("keywarden"), R"(\bkw_(live|test)_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}\b)");
    EXPECT_EQ(regex("orqen"), R"(\bsk-orq-[0-9a-f]{64}\b)");
    EXPECT_EQ(regex("orbitkit"), R"(\bok_[1-9A-HJ-NP-Za-km-z]{8}_[1-9A-HJ-NP-Za-km-z]{24}\b)");
    EXPECT_EQ(regex("orgn"),
              R"(\b(?:sk-ollm-[0-9a-z]{32}|sk-ollm-[0-9A-Za-z]{12}-[0-9A-Za-z]{48})\b)");
    EXPECT_EQ(regex("opaque"), "");
}

TEST(KeyFormat, NoTwoSecretsAreAlike) {
    std::set<std::string> seen;
    for (int i = 0; i < 200; ++i) seen.insert(minted("keywarden"));
    EXPECT_EQ(seen.size(), 200U);
}

// ---- properties ------------------------------------------------------------------------------

RC_GTEST_PROP(KeyFormatProperty, EveryMintedKeyIsParsedAsItsOwn, (bool test)) {
    const std::string name = *rc::gen::elementOf(kMintable);
    const KeyFormats::Minted key = formats().mint(*formats().find(name), test);
    const auto parsed = formats().parse(key.secret.reveal());
    RC_ASSERT(parsed);
    RC_ASSERT(formats().all()[parsed->format].name == name);
    RC_ASSERT(parsed->id.empty() || parsed->id == key.id);
    RC_ASSERT(formats().display(key.secret.reveal(), *parsed) == key.display);
}

RC_GTEST_PROP(KeyFormatProperty, NoKeywardenKeyIsOneCharacterFromAnother, (char any)) {
    // Half of the time one that the format knows: the checksum must see it.
    const char other =
        *rc::gen::arbitrary<bool>() ? any : *rc::gen::elementOf(std::string(kBase62));
    std::string key = minted("keywarden");
    const auto at = *rc::gen::inRange<size_t>(0, key.size());
    RC_PRE(key[at] != other);
    key[at] = other;
    RC_ASSERT(format_of(key) != "keywarden");
}

/// A key, or something much like one.
std::string nearly_a_key() {
    std::string text = minted(*rc::gen::elementOf(kMintable), *rc::gen::arbitrary<bool>());
    const int edits = *rc::gen::inRange(0, 3);
    for (int i = 0; i < edits; ++i) {
        const auto at = *rc::gen::inRange<size_t>(0, text.size());
        const char c = *rc::gen::elementOf(std::string("aZ09_-\n !Il0O~\x7f\x80"));
        switch (*rc::gen::inRange(0, 3)) {
            case 0:
                text[at] = c;
                break;
            case 1:
                text.insert(at, 1, c);
                break;
            default:
                text.erase(at, 1);
                break;
        }
    }
    return text;
}

RC_GTEST_PROP(KeyFormatProperty, NothingIsAcceptedThatTheScannerWouldMiss, ()) {
    const std::string text = nearly_a_key();
    const auto parsed = formats().parse(text);
    if (!parsed) return;
    const KeyFormat& format = formats().all()[parsed->format];
    if (!format.can_be_minted) return;
    RC_ASSERT(std::regex_match(text, std::regex(KeyFormats::scanner_regex(format))));
}

RC_GTEST_PROP(KeyFormatProperty, WithoutAChecksumTheScannerIsExact, ()) {
    const std::string text = nearly_a_key();
    const std::string name =
        *rc::gen::elementOf(std::vector<std::string>{"orqen", "orbitkit", "orgn"});
    const std::regex regex(KeyFormats::scanner_regex(*formats().find(name)));
    RC_ASSERT((format_of(text) == name) == std::regex_match(text, regex));
}

}  // namespace
}  // namespace keywarden
