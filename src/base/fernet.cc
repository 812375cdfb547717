#include "base/fernet.h"

#include <array>
#include <span>
#include <utility>

#include "base/base64url.h"
#include "base/cipher.h"
#include "base/crypto.h"

namespace keywarden {
namespace {

constexpr char kVersion = '\x80';
constexpr size_t kTimeBytes = 8;
constexpr size_t kHeadBytes = 1 + kTimeBytes + kAesBlockBytes;
constexpr size_t kMacBytes = 32;
constexpr size_t kHalfKey = 16;
constexpr Nanos kClockSkewMax = std::chrono::seconds(60);
constexpr std::string_view kBetween = ", \t\r\n";

std::span<const uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string_view text_of(const Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string head_of(const FernetStamp& stamp) {
    std::string head(1, kVersion);
    const auto seconds = static_cast<uint64_t>(stamp.seconds);
    for (size_t i = kTimeBytes; i-- > 0;) head.push_back(static_cast<char>(seconds >> (8 * i)));
    return head + stamp.iv;
}

int64_t seconds_of(std::string_view token) {
    uint64_t seconds = 0;
    for (const char c : token.substr(1, kTimeBytes)) {
        seconds = seconds << 8U | static_cast<uint8_t>(c);
    }
    return static_cast<int64_t>(seconds);
}

bool fits(int64_t seconds, const FernetAge& age) {
    // As numbers of seconds: a token may name a moment that no TimePoint holds.
    const int64_t now =
        std::chrono::floor<std::chrono::seconds>(age.now).time_since_epoch().count();
    const int64_t most = age.most / std::chrono::seconds(1);
    if (seconds < 0 || seconds - now > kClockSkewMax / std::chrono::seconds(1)) return false;
    return now - seconds <= most;
}

}  // namespace

FernetStamp FernetStamp::at(TimePoint now) {
    return {.seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count(),
            .iv = random_raw(kAesBlockBytes)};
}

Result<Fernet> Fernet::open(std::string_view keys) {
    Fernet out;
    while (true) {
        const size_t start = keys.find_first_not_of(kBetween);
        if (start == keys.npos) return out;
        keys.remove_prefix(start);
        const std::string_view text = keys.substr(0, keys.find_first_of(kBetween));
        keys.remove_prefix(text.size());
        const Result<Secret> key = from_base64url(text);
        if (!key || key->reveal().size() != 2 * kHalfKey) {
            return fail(ErrorCode::InvalidConfig,
                        "A Fernet key is 32 bytes in base64url: 44 characters, the last one '='.");
        }
        if (out.keys_.size() == kFernetKeysMax) {
            return fail(ErrorCode::InvalidConfig, "There are more than 16 Fernet keys.");
        }
        out.keys_.push_back({.signing = Secret(std::string(key->reveal().substr(0, kHalfKey))),
                             .encryption = Secret(std::string(key->reveal().substr(kHalfKey)))});
    }
}

std::string Fernet::new_key() { return to_base64url(random_raw(2 * kHalfKey)); }

std::string Fernet::encrypt(std::string_view plain, const FernetStamp& stamp) const {
    const Key& key = keys_.front();
    std::string token = head_of(stamp);
    token += aes128_cbc_encrypt(key.encryption.reveal(), stamp.iv, plain);
    const Digest mac = HmacKey(key.signing.reveal()).sign(token);
    token += text_of(mac);
    return to_base64url(token);
}

Result<Fernet::Opened> Fernet::open_token(std::string_view token) const {
    if (token.size() > kFernetTokenMax) return cannot_decrypt();
    const Result<Secret> raw = from_base64url(token);
    if (!raw) return cannot_decrypt();
    const std::string_view all = raw->reveal();
    if (all.size() < kHeadBytes + kMacBytes || all.front() != kVersion) return cannot_decrypt();
    const std::string_view body = all.substr(0, all.size() - kMacBytes);
    const std::string_view iv = all.substr(1 + kTimeBytes, kAesBlockBytes);
    for (size_t i = 0; i < keys_.size(); ++i) {
        const Digest mac = HmacKey(keys_[i].signing.reveal()).sign(body);
        if (!equal_in_constant_time(mac, bytes_of(all.substr(body.size())))) continue;
        TRY(Secret plain,
            aes128_cbc_decrypt(keys_[i].encryption.reveal(), iv, body.substr(kHeadBytes)));
        return Opened{.seconds = seconds_of(all), .key = i, .plain = std::move(plain)};
    }
    return cannot_decrypt();
}

Result<Secret> Fernet::decrypt(std::string_view token, std::optional<FernetAge> age) const {
    TRY(Opened opened, open_token(token));
    if (age && !fits(opened.seconds, *age)) return cannot_decrypt();
    return std::move(opened.plain);
}

bool Fernet::is_of_first_key(std::string_view token) const {
    const auto opened = open_token(token);
    return opened && opened->key == 0;
}

Result<std::string> Fernet::rotate(std::string_view token, std::string iv) const {
    TRY(const Opened opened, open_token(token));
    return encrypt(opened.plain.reveal(), {.seconds = opened.seconds, .iv = std::move(iv)});
}

}  // namespace keywarden
