#include "domain/imported_hash.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

/// Why it is refused; empty when it is taken.
std::string refusal(std::string_view text) {
    const auto read = read_imported_hash(text);
    if (read) return "";
    EXPECT_EQ(read.error().param, "hash");
    return read.error().message;
}

TEST(ImportedHash, IsTakenInEitherCase) {
    const Digest digest = sha256("a secret of LiteLLM's, say");
    std::string text = to_hex(digest);
    EXPECT_EQ(read_imported_hash(text).value(), digest);
    std::ranges::transform(
        text, text.begin(), [](char c) { return static_cast<char>(toupper(c)); });
    EXPECT_EQ(read_imported_hash(text).value(), digest);
}

TEST(ImportedHash, AWeakOneIsRefusedByName) {
    EXPECT_NE(refusal("d41d8cd98f00b204e9800998ecf8427e").find("MD5"), std::string::npos);
    EXPECT_NE(refusal(std::string(40, 'a')).find("SHA-1"), std::string::npos);
    EXPECT_NE(refusal(std::string(128, 'a')).find("SHA-512"), std::string::npos);
    EXPECT_NE(refusal(std::string(64, '0')).find("no secret"), std::string::npos);
    EXPECT_NE(refusal(std::string(64, 'f')).find("no secret"), std::string::npos);
    EXPECT_NE(refusal(to_hex(sha256(""))).find("nothing"), std::string::npos);
    EXPECT_NE(refusal(to_hex(sha256("sk-1234"))).find("everybody"), std::string::npos);
}

TEST(ImportedHash, WhatIsNoHashIsRefused) {
    const std::string good = to_hex(sha256("x"));
    for (const std::string& text : {std::string(),
                                    good.substr(1),
                                    good + "0",
                                    "0x" + good.substr(2),
                                    " " + good.substr(1),
                                    std::string("$2b$12$abcdefghijklmnopqrstuv"),
                                    std::string(64, 'g'),
                                    std::string(100'000, 'a')}) {
        EXPECT_NE(refusal(text), "") << text.substr(0, 70);
    }
}

}  // namespace
}  // namespace keywarden
