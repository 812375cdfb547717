#include "base/mail.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "base/clock.h"
#include "base/crypto.h"

namespace keywarden {
namespace {

constexpr size_t kLineMax = 76;       // of base64: RFC 2045, section 6.8
constexpr size_t kWordBytesMax = 36;  // of an encoded word, before it is: fits behind "Subject: "

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// What stands in an address without quotes. Source: RFC 5322, section 3.2.3.
bool is_of_local_part(char c) {
    constexpr std::string_view kOthers = ".!#$%&'*+-/=?^_`{|}~";
    return is_letter_or_digit(c) || kOthers.contains(c);
}

bool is_plain(char c) { return c >= ' ' && c <= '~'; }

/// Where a piece of at most `size` bytes ends without cutting a letter in two.
size_t piece_of(std::string_view text, size_t size) {
    if (text.size() <= size) return text.size();
    while (size > 1 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
    return size;
}

/// As it is, or as encoded words on lines of their own.
std::string unstructured(std::string_view text) {
    if (text.size() <= kWordBytesMax && std::ranges::all_of(text, is_plain) &&
        !text.contains("=?")) {
        return std::string(text);
    }
    std::string out;
    while (!text.empty()) {
        const size_t size = piece_of(text, kWordBytesMax);
        if (!out.empty()) out += "\r\n ";
        out += "=?utf-8?B?" + to_base64(text.substr(0, size)) + "?=";
        text.remove_prefix(size);
    }
    return out;
}

/// A name in front of an address: quoted where it is plain.
std::string phrase(std::string_view name) {
    if (name.size() > kWordBytesMax || !std::ranges::all_of(name, is_plain)) {
        return unstructured(name);
    }
    std::string out = "\"";
    for (const char c : name) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

/// "Fri, 20 Nov 2026 11:33:59 +0000". Source: RFC 5322, section 3.3.
std::string date_of(TimePoint now) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(
        std::chrono::time_point_cast<std::chrono::system_clock::duration>(now));
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 40> text{};
    const size_t size =
        std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S +0000", &parts);
    return {text.data(), size};
}

}  // namespace

bool is_mail_address(std::string_view text) {
    const size_t at = text.rfind('@');
    if (text.size() > kMailAddressBytesMax || at == std::string_view::npos || at == 0) return false;
    const std::string_view local = text.substr(0, at);
    const std::string_view domain = text.substr(at + 1);
    return std::ranges::all_of(local, is_of_local_part) && !domain.empty() &&
           is_letter_or_digit(domain.front()) && is_letter_or_digit(domain.back()) &&
           std::ranges::all_of(
               domain, [](char c) { return is_letter_or_digit(c) || c == '.' || c == '-'; });
}

Result<MailAddress> parse_mail_address(std::string_view text) {
    MailAddress out{.address = std::string(text)};
    const size_t open = text.find('<');
    if (open != std::string_view::npos && text.ends_with('>')) {
        out.address = text.substr(open + 1, text.size() - open - 2);
        out.name = text.substr(0, open);
        while (out.name.ends_with(' ')) out.name.pop_back();
    }
    const bool has_control = std::ranges::any_of(
        out.name, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
    if (is_mail_address(out.address) && !has_control) return out;
    return fail(ErrorCode::InvalidConfig,
                "expected an address, such as keys@example.com or Keywarden <keys@example.com>, "
                "got '" +
                    std::string(text) + "'");
}

std::string render_mail(const Mail& mail, std::string_view id, TimePoint now) {
    const std::string domain = mail.from.address.substr(mail.from.address.rfind('@') + 1);
    std::string out = "From: ";
    if (!mail.from.name.empty()) out += phrase(mail.from.name) + ' ';
    out += '<' + mail.from.address + ">\r\nTo: <" + mail.to + ">\r\nSubject: ";
    out += unstructured(mail.subject) + "\r\nDate: " + date_of(now) + "\r\nMessage-ID: <";
    out += id;
    out += '@' + domain +
           ">\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
           "Content-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\n";
    const std::string body = to_base64(mail.text);
    for (size_t at = 0; at < body.size(); at += kLineMax) {
        out += std::string_view(body).substr(at, kLineMax);
        out += "\r\n";
    }
    return out;
}

}  // namespace keywarden
