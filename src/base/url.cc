#include "base/url.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <optional>

namespace keywarden {
namespace {

constexpr uint16_t kHttpPort = 80;
constexpr uint16_t kHttpsPort = 443;
constexpr size_t kHostMax = 253;  // RFC 1035, 2.3.4, without the final dot
constexpr size_t kLabelMax = 63;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z'); }

// inet_pton stops at a NUL, so a host with one would be an address and more.
std::optional<uint32_t> read_ipv4(const std::string& host) {
    in_addr address{};
    if (host.contains('\0')) return std::nullopt;
    if (inet_pton(AF_INET, host.c_str(), &address) != 1) return std::nullopt;
    return ntohl(address.s_addr);
}

std::optional<std::array<uint8_t, 16>> read_ipv6(const std::string& host) {
    std::array<uint8_t, 16> address{};
    if (host.contains('\0')) return std::nullopt;
    if (inet_pton(AF_INET6, host.c_str(), address.data()) != 1) return std::nullopt;
    return address;
}

/// A DNS name as it is looked up. One whose last label is a number would be read as an address by
/// some resolvers, and as another one by others: it is none.
bool is_name(std::string_view host) {
    if (host.empty() || host.size() > kHostMax) return false;
    std::string_view label;
    for (std::string_view rest = host; !rest.empty();) {
        const size_t dot = rest.find('.');
        label = rest.substr(0, dot);
        const bool fine =
            !label.empty() && label.size() <= kLabelMax && label.front() != '-' &&
            label.back() != '-' &&
            std::ranges::all_of(label, [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
        if (!fine || dot == rest.size() - 1) return false;
        rest.remove_prefix(dot == std::string_view::npos ? rest.size() : dot + 1);
    }
    return !std::ranges::all_of(label, is_digit) && !label.starts_with("0x");
}

bool is_path_char(char c) {
    return is_alnum(c) || (c >= 'A' && c <= 'Z') ||
           std::string_view("/-._~!$&'()*+,;=:@").contains(c);
}

std::unexpected<Error> bad(std::string_view what) {
    return fail(ErrorCode::InvalidConfig, "The address " + std::string(what) + ".");
}

Result<std::string> read_path(std::string_view path) {
    while (path.ends_with('/')) path.remove_suffix(1);
    if (!std::ranges::all_of(path, is_path_char)) {
        return bad("has a character in its path that is not allowed there");
    }
    const std::string closed = std::string(path) + '/';
    if (closed.contains("/../") || closed.contains("/./") || closed.contains("//")) {
        return bad("has a path with '.', '..' or an empty part");
    }
    return std::string(path);
}

Result<uint16_t> read_port(std::string_view text) {
    uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port == 0) {
        return bad("has a port that is not a number from 1 to 65535");
    }
    return port;
}

}  // namespace

std::string Url::authority() const {
    const bool ipv6 = host.contains(':');
    std::string out = ipv6 ? '[' + host + ']' : host;
    if (port != (tls ? kHttpsPort : kHttpPort)) out += ':' + std::to_string(port);
    return out;
}

Result<Url> parse_url(std::string_view text) {
    if (text.size() > kUrlBytesMax) return bad("is too long");
    Url url;
    const size_t scheme_end = text.find("://");
    std::string lowered(text.substr(0, scheme_end));
    std::ranges::transform(lowered, lowered.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    const bool known = lowered == "https" || lowered == "http";
    if (!known || scheme_end == std::string_view::npos) {
        return bad("must begin with https:// or http://");
    }
    url.tls = lowered == "https";
    std::string_view rest = text.substr(lowered.size() + 3);
    const size_t end = rest.find_first_of("/?#\\");
    std::string_view authority = rest.substr(0, end);
    rest.remove_prefix(authority.size());
    if (authority.contains('@')) return bad("must not have a user or a password in it");
    if (rest.find_first_of("?#") != std::string_view::npos) {
        return bad("must not have a query or a fragment");
    }
    url.port = url.tls ? kHttpsPort : kHttpPort;
    const size_t bracket = authority.starts_with('[') ? authority.find(']') : 0;
    if (bracket == std::string_view::npos) return bad("has a '[' without its ']'");
    const size_t colon = authority.find(':', bracket);
    if (colon != std::string_view::npos) {
        TRY(url.port, read_port(authority.substr(colon + 1)));
        authority = authority.substr(0, colon);
    }
    url.host = authority;
    std::ranges::transform(url.host, url.host.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    if (bracket != 0) {
        if (bracket + 1 != authority.size()) return bad("has text after its ']'");
        url.host = url.host.substr(1, bracket - 1);
        if (!read_ipv6(url.host)) return bad("has no IPv6 address between '[' and ']'");
    } else if (!read_ipv4(url.host) && !is_name(url.host)) {
        return bad("has no host name or address in the usual form");
    }
    TRY(url.path, read_path(rest));
    return url;
}

bool is_private_host(std::string_view host) {
    const std::string name(host);
    if (const std::optional<uint32_t> v4 = read_ipv4(name)) {
        const auto in = [&](uint32_t net, int bits) {
            return (*v4 >> (32 - bits)) == net >> (32 - bits);
        };
        return in(0x7f000000, 8) || in(0x0a000000, 8) || in(0xac100000, 12) || in(0xc0a80000, 16) ||
               in(0x64400000, 10);
    }
    if (const auto v6 = read_ipv6(name)) {
        const bool mapped =
            std::all_of(v6->begin(), v6->begin() + 10, [](uint8_t b) { return b == 0; }) &&
            v6->at(10) == 0xff && v6->at(11) == 0xff;
        if (mapped) {
            std::string v4;
            for (size_t i = 12; i < 16; ++i) {
                v4 += (i == 12 ? "" : ".") + std::to_string(v6->at(i));
            }
            return is_private_host(v4);
        }
        std::array<uint8_t, 16> loopback{};
        loopback.back() = 1;
        return *v6 == loopback || (v6->front() & 0xfe) == 0xfc;
    }
    if (!host.contains('.')) return true;
    constexpr std::string_view kSuffixes[] = {
        ".localhost", ".local", ".internal", ".svc", ".lan", ".home.arpa"};
    return std::ranges::any_of(kSuffixes, [&](std::string_view s) { return host.ends_with(s); });
}

}  // namespace keywarden
