// Hands a mail to a mail server.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "base/units.h"

namespace keywarden {

struct MailServer {
    std::string host{};  // a name or a literal address; what its certificate is for
    uint16_t port = 0;
    bool tls_at_once = false;  // else STARTTLS, which is asked of every host but this machine
    bool is_local = false;     // on this machine: plain text is taken
    std::string username{};    // empty: nobody signs in
    Secret password{};
    std::string ca_file{};  // empty: the system's authorities
    Nanos within = std::chrono::seconds(20);
};

/// "smtp://host", "smtp://host:2525", "smtps://host". Errors: InvalidConfig, without a place.
Result<MailServer> parse_mail_server(std::string_view url);

/// Waits until the server has taken `message` (see render_mail) over, or has not.
///
/// Errors: UpstreamError, UpstreamTimeout; their message is for whoever looks after the gateway:
/// which step failed and what the server said. The password goes out only under TLS, or to this
/// machine. Source: RFC 5321, RFC 3207 (STARTTLS), RFC 4954 (AUTH PLAIN), RFC 4616.
/// Requires: is_mail_address of `from` and `to`. Threads: any; blocks.
Result<void> send_mail(const MailServer& server,
                       std::string_view from,
                       std::string_view to,
                       std::string_view message);

}  // namespace keywarden
