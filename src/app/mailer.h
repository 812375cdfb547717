// The mail server of the configuration.
#pragma once

#include <optional>
#include <string>

#include "app/settings.h"
#include "base/clock.h"
#include "base/mail.h"
#include "base/result.h"
#include "net/smtp_client.h"

namespace keywarden {

/// What can be said of mail.* without asking the server, or reading a file.
/// Errors: InvalidConfig, with the setting as its param, and what is wrong with it.
Result<void> check_mail(const Settings& settings);

/// Threads: any.
class Mailer {
public:
    /// Nothing where no server is configured. Errors: InvalidConfig, also when the password cannot
    /// be read.
    static Result<std::optional<Mailer>> open(const Settings& settings,
                                              const Clock& clock = system_clock());

    /// Hands the mail to the server; blocks for at most MailServer::within. Returns why it was not
    /// taken; nothing when it was.
    std::string send(const std::string& to,
                     const std::string& subject,
                     const std::string& text) const;

private:
    Mailer(MailServer server, MailAddress from, const Clock& clock)
        : server_(std::move(server)), from_(std::move(from)), clock_(&clock) {}

    MailServer server_;
    MailAddress from_;
    const Clock* clock_;
};

}  // namespace keywarden
