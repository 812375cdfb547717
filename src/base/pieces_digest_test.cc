#include "base/pieces_digest.h"

#include <array>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

TEST(PiecesDigest, IsThatOfThePiecesTogether) {
    const std::array<std::string_view, 4> pieces = {"a", "", "bc", "def"};
    EXPECT_EQ(sha256_of(pieces), sha256("abcdef"));
    EXPECT_EQ(sha256_of({}), sha256(""));
}

}  // namespace
}  // namespace keywarden
