#include "base/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

namespace keywarden {
namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;  // 0x1edc6f41, bits reversed

constexpr std::array<uint32_t, 256> make_table() {
    std::array<uint32_t, 256> table{};
    for (uint32_t byte = 0; byte < table.size(); ++byte) {
        uint32_t rest = byte;
        for (int bit = 0; bit < 8; ++bit) {
            rest = (rest >> 1U) ^ ((rest & 1U) != 0 ? kPolynomial : 0U);
        }
        table[byte] = rest;
    }
    return table;
}
constexpr auto kTable = make_table();

uint64_t word_at(std::span<const std::byte> bytes) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    return word;
}

#if defined(__x86_64__)

__attribute__((target("sse4.2"))) uint32_t by_instruction(std::span<const std::byte> bytes,
                                                          uint32_t before) {
    uint64_t sum = ~before;
    for (; bytes.size() >= sizeof(uint64_t); bytes = bytes.subspan(sizeof(uint64_t))) {
        sum = _mm_crc32_u64(sum, word_at(bytes));
    }
    auto rest = static_cast<uint32_t>(sum);
    for (const std::byte byte : bytes) rest = _mm_crc32_u8(rest, static_cast<uint8_t>(byte));
    return ~rest;
}
bool has_instruction() { return __builtin_cpu_supports("sse4.2") != 0; }

#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)

uint32_t by_instruction(std::span<const std::byte> bytes, uint32_t before) {
    uint32_t sum = ~before;
    for (; bytes.size() >= sizeof(uint64_t); bytes = bytes.subspan(sizeof(uint64_t))) {
        sum = __crc32cd(sum, word_at(bytes));
    }
    for (const std::byte byte : bytes) sum = __crc32cb(sum, static_cast<uint8_t>(byte));
    return ~sum;
}
bool has_instruction() { return true; }

#else

uint32_t by_instruction(std::span<const std::byte> bytes, uint32_t before) {
    return crc32c_by_table(bytes, before);
}
bool has_instruction() { return false; }

#endif

}  // namespace

uint32_t crc32c_by_table(std::span<const std::byte> bytes, uint32_t before) {
    uint32_t sum = ~before;
    for (const std::byte byte : bytes) {
        sum = (sum >> 8U) ^ kTable[(sum ^ static_cast<uint32_t>(byte)) & 0xffU];
    }
    return ~sum;
}

uint32_t crc32c(std::span<const std::byte> bytes, uint32_t before) {
    static const bool kHasInstruction = has_instruction();
    return kHasInstruction ? by_instruction(bytes, before) : crc32c_by_table(bytes, before);
}

}  // namespace keywarden
