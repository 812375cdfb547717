#include "domain/failed_attempts.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <span>

#include "base/crypto.h"

namespace keywarden {
namespace {

constexpr Nanos kSecond = std::chrono::seconds(1);

}  // namespace

std::string network_of(std::string_view address) {
    if (address.find(':') == std::string_view::npos) return std::string(address);
    std::string network;
    size_t groups = 0;
    const size_t gap = address.find("::");
    for (size_t at = 0; at < address.size() && groups < 4; ++groups) {
        if (at == gap) break;  // what "::" stands for reaches past the network, or is zeros of it
        const size_t end = std::min(address.find(':', at), address.size());
        network.append(address.substr(at, end - at)) += ':';
        at = end == gap ? end : end + 1;
    }
    if (gap != std::string_view::npos && groups < 4) {
        // Groups behind the gap belong to the network only when the gap is a short one.
        const std::string_view rest = address.substr(gap + 2);
        const size_t behind =
            rest.empty() ? 0 : 1 + static_cast<size_t>(std::ranges::count(rest, ':'));
        for (size_t zeros = 8 - groups - behind; groups < 4 && zeros > 0; --zeros, ++groups) {
            network += "0:";
        }
        for (size_t at = 0; groups < 4 && at < rest.size(); ++groups) {
            const size_t end = std::min(rest.find(':', at), rest.size());
            network.append(rest.substr(at, end - at)) += ':';
            at = end + 1;
        }
    }
    return network;
}

// Rounded up: the rule may be a nanosecond too strict, never too loose.
FailedAttempts::FailedAttempts(FailedAttemptsRule rule)
    : FailedAttempts(rule.burst, (kSecond + Nanos(rule.per_second - 1)) / rule.per_second) {}

FailedAttempts::FailedAttempts(int64_t burst, Nanos interval)
    : interval_(interval), burst_(interval_ * burst), sets_(kSets) {
    assert(burst > 0 && interval > Nanos(0));

    random_bytes({reinterpret_cast<uint8_t*>(seed_.data()), seed_.size()});
}

Nanos FailedAttempts::count(std::string_view address, MonoTime now, std::string_view tenant) {
    return look(address, now, tenant, true);
}

Nanos FailedAttempts::wait(std::string_view address, MonoTime now, std::string_view tenant) {
    return look(address, now, tenant, false);
}

Nanos FailedAttempts::look(std::string_view address,
                           MonoTime now,
                           std::string_view tenant,
                           bool counts) {
    std::string text(seed_.data(), seed_.size());
    text.append(tenant) += '\0';
    text += network_of(address);
    const Digest digest = sha256(text);
    uint64_t tag = 0;
    uint64_t place = 0;
    std::memcpy(&tag, digest.data(), sizeof tag);
    std::memcpy(&place, digest.data() + sizeof tag, sizeof place);
    tag |= 1U;

    const std::lock_guard lock(mutex_);
    auto& ways = sets_[place % kSets];
    auto* source = std::ranges::find(ways, tag, &Source::tag);
    if (source == ways.end()) {
        if (!counts) return Nanos(0);
        source = std::ranges::min_element(ways, {}, &Source::full_at);
        *source = {.tag = tag, .full_at = now};
    }
    const MonoTime after = std::max(now, source->full_at) + interval_;
    const MonoTime latest = now + burst_;
    if (after > latest) return after - latest;
    if (counts) source->full_at = after;
    return Nanos(0);
}

}  // namespace keywarden
