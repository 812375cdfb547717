#include "domain/ip_range.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>

namespace keywarden {
namespace {

constexpr uint64_t kMappedPrefix = 0xffff'0000'0000;  // the lower half of ::ffff:0:0
constexpr int kMappedBits = 96;
constexpr int kBits = 128;
constexpr size_t kTextMax = INET6_ADDRSTRLEN;  // its NUL included
constexpr size_t kRangeTextMax = kTextMax + 4;

uint64_t big_endian(std::span<const uint8_t> bytes) {
    uint64_t value = 0;
    for (const uint8_t byte : bytes) value = value << 8 | byte;
    return value;
}

uint64_t mask_of(int bits) {
    if (bits <= 0) return 0;
    return bits >= 64 ? ~uint64_t{0} : ~uint64_t{0} << (64 - bits);
}

std::unexpected<Error> not_a_range() {
    return fail(ErrorCode::InvalidRequest,
                "Expected an address or a network, such as '192.0.2.7', '10.0.0.0/8', or "
                "'2001:db8::/32'.");
}

std::string_view trimmed(std::string_view text) {
    const size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// An entry of X-Forwarded-For: some proxies add a port, and then brackets around IPv6.
std::optional<IpAddress> parse_hop(std::string_view text) {
    if (text.starts_with('[')) {
        const size_t end = text.find(']');
        return end == std::string_view::npos ? std::nullopt : parse_ip(text.substr(1, end - 1));
    }
    if (std::ranges::count(text, ':') == 1) text = text.substr(0, text.find(':'));
    return parse_ip(text);
}

}  // namespace

std::optional<IpAddress> parse_ip(std::string_view text) {
    std::array<char, kTextMax> terminated{};
    if (text.empty() || text.size() >= terminated.size()) return std::nullopt;
    std::ranges::copy(text, terminated.begin());
    if (text.find('\0') != std::string_view::npos) return std::nullopt;

    std::array<uint8_t, 16> bytes{};
    if (inet_pton(AF_INET, terminated.data(), bytes.data()) == 1) {
        const uint64_t low = kMappedPrefix | big_endian(std::span(bytes).first(4));
        return IpAddress{.low = low, .is_v4 = true};
    }
    if (inet_pton(AF_INET6, terminated.data(), bytes.data()) != 1) return std::nullopt;
    IpAddress address{.high = big_endian(std::span(bytes).first(8)),
                      .low = big_endian(std::span(bytes).last(8))};
    address.is_v4 = address.high == 0 && address.low >> 32 == kMappedPrefix >> 32;
    return address;
}

std::string to_text(IpAddress address) {
    std::array<uint8_t, 16> bytes{};
    for (size_t i = 0; i < 8; ++i) {
        bytes[i] = static_cast<uint8_t>(address.high >> (56 - 8 * i));
        bytes[i + 8] = static_cast<uint8_t>(address.low >> (56 - 8 * i));
    }
    std::array<char, kTextMax> text{};
    if (address.is_v4) {
        inet_ntop(AF_INET, &bytes[12], text.data(), text.size());
    } else {
        inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
    }
    return text.data();
}

IpRange::IpRange(IpAddress network, int prefix)
    : network_(network),
      prefix_(prefix),
      high_mask_(mask_of(prefix)),
      low_mask_(mask_of(prefix - 64)) {
    network_.high &= high_mask_;
    network_.low &= low_mask_;
}

Result<IpRange> IpRange::parse(std::string_view text) {
    if (text.size() > kRangeTextMax) return not_a_range();
    const size_t slash = text.find('/');
    const std::optional<IpAddress> address = parse_ip(text.substr(0, slash));
    if (!address) return not_a_range();
    if (slash == std::string_view::npos) return IpRange(*address, kBits);

    const std::string_view digits = text.substr(slash + 1);
    int prefix = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    const bool leading_zero = digits.size() > 1 && digits.front() == '0';
    if (error != std::errc() || end != digits.data() + digits.size() || leading_zero) {
        return not_a_range();
    }
    // "10.0.0.0/8" counts the 32 bits of IPv4; "::ffff:10.0.0.0/104" all 128.
    const bool dotted = text.substr(0, slash).find(':') == std::string_view::npos;
    if (prefix < 0 || prefix > (dotted ? kBits - kMappedBits : kBits)) return not_a_range();
    if (dotted) prefix += kMappedBits;
    IpAddress wanted = *address;
    if (wanted.is_v4 && prefix < kMappedBits) wanted.is_v4 = false;  // "::ffff:0:0/90" is IPv6
    IpRange range(wanted, prefix);
    if (range.network_ != wanted) {
        return fail(ErrorCode::InvalidRequest,
                    "'" + std::string(text) + "' has bits set beyond its prefix: did you mean '" +
                        range.text() + "'?");
    }
    return range;
}

bool IpRange::contains(IpAddress address) const {
    return address.is_v4 == network_.is_v4 && ((address.high ^ network_.high) & high_mask_) == 0 &&
           ((address.low ^ network_.low) & low_mask_) == 0;
}

std::string IpRange::text() const {
    const int prefix = network_.is_v4 ? prefix_ - kMappedBits : prefix_;
    return to_text(network_) + "/" + std::to_string(prefix);
}

bool covers(const IpRange& wide, const IpRange& narrow) {
    return wide.prefix_ <= narrow.prefix_ && wide.contains(narrow.network_);
}

bool overlap(const IpRange& a, const IpRange& b) { return covers(a, b) || covers(b, a); }

IpAddress client_address(IpAddress peer,
                         std::span<const std::string_view> forwarded_for,
                         std::span<const IpRange> trusted) {
    const auto is_trusted = [&](IpAddress address) {
        return std::ranges::any_of(trusted,
                                   [&](const IpRange& range) { return range.contains(address); });
    };
    IpAddress speaker = peer;
    int hops = 0;
    for (size_t header = forwarded_for.size(); header-- > 0;) {
        std::string_view left = forwarded_for[header];
        while (true) {
            if (!is_trusted(speaker) || ++hops > kForwardedHopsMax) return speaker;
            const size_t comma = left.rfind(',');
            const bool last = comma == std::string_view::npos;
            const std::optional<IpAddress> hop =
                parse_hop(trimmed(last ? left : left.substr(comma + 1)));
            if (!hop) return speaker;
            speaker = *hop;
            if (last) break;
            left = left.substr(0, comma);
        }
    }
    return speaker;
}

}  // namespace keywarden
