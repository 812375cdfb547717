// A mail as it goes to a server: who it is from and to, and its text.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"

namespace keywarden {

inline constexpr size_t kMailAddressBytesMax = 254;  // RFC 5321, section 4.5.3.1

struct MailAddress {
    std::string name{};  // shown beside it; perhaps none
    std::string address{};
};

struct Mail {
    MailAddress from{};
    std::string to{};
    std::string subject{};  // one line, any letters
    std::string text{};     // plain text, any letters
};

/// Whether the address can stand in a command and in a header as it is: letters of ASCII, a domain,
/// nothing that would have to be quoted.
bool is_mail_address(std::string_view text);

/// "keys@example.com", or "Keywarden <keys@example.com>". Errors: InvalidConfig.
Result<MailAddress> parse_mail_address(std::string_view text);

/// The whole message, lines ended by CRLF, none of them over 76 letters but for an address.
/// `id`: what its Message-ID begins with, of letters, digits, and '-'.
/// Source: RFC 5322; RFC 2047 for names and subjects; RFC 2045 for the text, which is in base64.
/// Requires: is_mail_address of both addresses.
std::string render_mail(const Mail& mail, std::string_view id, TimePoint now);

}  // namespace keywarden
