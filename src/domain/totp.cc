#include "domain/totp.h"

#include <array>
#include <fmt/format.h>
#include <span>

#include "base/hmac_sha1.h"

namespace keywarden {
namespace {

constexpr Nanos kStep = std::chrono::seconds(30);
constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view kRecoveryAlphabet = "abcdefghijkmnpqrstuvwxyz23456789";
constexpr size_t kRecoveryLength = 16;
constexpr size_t kRecoveryGroup = 4;

}  // namespace

int64_t totp_step(TimePoint when) { return when.time_since_epoch() / kStep; }

std::string totp_code(std::string_view secret, int64_t step) {
    std::array<char, 8> counter{};
    for (size_t i = 0; i < counter.size(); ++i) {
        counter[counter.size() - 1 - i] =
            static_cast<char>(static_cast<uint64_t>(step) >> (8 * i) & 0xffU);
    }
    const auto mac = hmac_sha1(secret, {counter.data(), counter.size()});
    const size_t at = mac.back() & 0xfU;
    uint32_t number = 0;
    for (size_t i = 0; i < 4; ++i) number = number << 8U | mac.at(at + i);
    return fmt::format("{:06}", (number & 0x7fffffffU) % 1'000'000);
}

std::optional<int64_t> check_totp(std::string_view secret,
                                  std::string_view code,
                                  TimePoint now,
                                  int64_t after) {
    const auto bytes = [](std::string_view text) {
        return std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size());
    };
    for (const int64_t drift : {0, -1, 1}) {
        const int64_t step = totp_step(now) + drift;
        if (step <= after) continue;
        if (equal_in_constant_time(bytes(totp_code(secret, step)), bytes(code))) return step;
    }
    return std::nullopt;
}

std::string to_base32(std::string_view bytes) {
    std::string out;
    uint32_t bits = 0;
    uint32_t count = 0;
    for (const char byte : bytes) {
        bits = bits << 8U | static_cast<uint8_t>(byte);
        count += 8;
        for (; count >= 5; count -= 5) out += kBase32[bits >> (count - 5) & 0x1fU];
    }
    if (count > 0) out += kBase32[bits << (5 - count) & 0x1fU];
    return out;
}

std::string totp_uri(std::string_view secret, std::string_view account) {
    std::string escaped;
    for (const char c : account) {
        const bool is_plain =
            kBase62.find(c) != std::string_view::npos || c == '.' || c == '-' || c == '_';
        if (is_plain) {
            escaped += c;
        } else {
            escaped += fmt::format("%{:02X}", static_cast<uint8_t>(c));
        }
    }
    return fmt::format(
        "otpauth://totp/Keywarden:{}?secret={}&issuer=Keywarden", escaped, to_base32(secret));
}

std::string new_recovery_code() {
    const std::string letters = random_text(kRecoveryLength, kRecoveryAlphabet);
    std::string out;
    for (size_t at = 0; at < letters.size(); at += kRecoveryGroup) {
        if (at > 0) out += '-';
        out += letters.substr(at, kRecoveryGroup);
    }
    return out;
}

Digest recovery_digest(std::string_view code) {
    std::string plain = "keywarden recovery ";
    for (const char c : code) {
        if (c == '-' || c == ' ') continue;
        plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return sha256(plain);
}

}  // namespace keywarden
