#include "app/mailer.h"

#include <string_view>
#include <utility>

#include "app/providers.h"
#include "base/id.h"
#include "base/log.h"

namespace keywarden {
namespace {

std::unexpected<Error> wrong(std::string_view setting, std::string what) {
    return fail(Error{.code = ErrorCode::InvalidConfig,
                      .message = std::move(what),
                      .param = std::string(setting)});
}

/// The first line of the file.
Result<Secret> read_password(const std::string& path) {
    auto text = read_text_file(path);
    if (!text) return wrong("mail.password_file", text.error().message);
    const std::string_view line = text->reveal().substr(0, text->reveal().find_first_of("\r\n"));
    if (line.empty()) return wrong("mail.password_file", "there is no password in it");
    return Secret(std::string(line));
}

}  // namespace

Result<void> check_mail(const Settings& settings) {
    if (settings.mail_server.empty()) {
        for (const auto& [name, value] : {std::pair("mail.from", &settings.mail_from),
                                          std::pair("mail.username", &settings.mail_username)}) {
            if (!value->empty()) return wrong(name, "is of no use without mail.server");
        }
        return {};
    }
    if (auto server = parse_mail_server(settings.mail_server); !server) {
        return wrong("mail.server", server.error().message);
    }
    if (auto from = parse_mail_address(settings.mail_from); !from) {
        return wrong("mail.from", from.error().message);
    }
    if (settings.mail_username.empty() != settings.mail_password_file.empty()) {
        return wrong("mail.username", "goes together with mail.password_file");
    }
    if (settings.public_url.empty()) {
        return wrong("mail.server",
                     "needs sign_in.public_url, where the links of its mails lead: no mail says "
                     "what a Host header said");
    }
    return {};
}

Result<std::optional<Mailer>> Mailer::open(const Settings& settings, const Clock& clock) {
    if (settings.mail_server.empty()) return std::nullopt;
    TRY_VOID(check_mail(settings));
    TRY(MailServer server, parse_mail_server(settings.mail_server));
    TRY(MailAddress from, parse_mail_address(settings.mail_from));
    server.username = settings.mail_username;
    server.ca_file = settings.mail_ca_file;
    if (!settings.mail_password_file.empty()) {
        TRY(server.password, read_password(settings.mail_password_file));
    }
    return Mailer(std::move(server), std::move(from), clock);
}

std::string Mailer::send(const std::string& to,
                         const std::string& subject,
                         const std::string& text) const {
    if (!is_mail_address(to)) return "The address cannot stand in a mail.";
    const Mail mail{.from = from_, .to = to, .subject = subject, .text = text};
    const std::string message = render_mail(mail, new_id("mail"), clock_->now());
    const Result<void> sent = send_mail(server_, from_.address, to, message);
    if (sent) return {};
    log(LogLevel::Warning, "mail.failed", {{"reason", sent.error().message}});
    return sent.error().message;
}

}  // namespace keywarden
