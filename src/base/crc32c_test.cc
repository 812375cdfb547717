#include "base/crc32c.h"

#include <array>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace keywarden {
namespace {

uint32_t of(std::string_view text) { return crc32c(std::as_bytes(std::span(text))); }

// Source: RFC 3720, appendix B.4; the check value of "123456789" is known for every CRC.
TEST(Crc32c, IsTheOneOfTheStandard) {
    EXPECT_EQ(of("123456789"), 0xe3069283U);
    EXPECT_EQ(of(""), 0U);
    std::array<std::byte, 32> bytes{};
    EXPECT_EQ(crc32c(bytes), 0x8a9136aaU) << "32 bytes of zero";
    bytes.fill(std::byte{0xff});
    EXPECT_EQ(crc32c(bytes), 0x62a8ab43U) << "32 bytes of ones";
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i);
    EXPECT_EQ(crc32c(bytes), 0x46dd794eU) << "32 bytes that rise";
}

RC_GTEST_PROP(Crc32c, IsTheSameWithAndWithoutTheInstruction, (std::vector<uint8_t> bytes)) {
    const auto view = std::as_bytes(std::span(bytes));
    RC_ASSERT(crc32c(view, 7) == crc32c_by_table(view, 7));
}

RC_GTEST_PROP(Crc32c, GoesOnWhereItStopped, (std::vector<uint8_t> a, std::vector<uint8_t> b)) {
    std::vector<uint8_t> both = a;
    both.insert(both.end(), b.begin(), b.end());
    const uint32_t first = crc32c(std::as_bytes(std::span(a)));
    RC_ASSERT(crc32c(std::as_bytes(std::span(b)), first) == crc32c(std::as_bytes(std::span(both))));
}

}  // namespace
}  // namespace keywarden
