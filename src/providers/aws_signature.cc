#include "providers/aws_signature.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <utility>
#include <vector>

#include "base/http.h"
#include "base/secret.h"

namespace keywarden {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kTerminator = "aws4_request";
constexpr size_t kDaySize = 8;  // of aws_date

/// A name and a value of a head or a query, as they are signed.
using Pair = std::pair<std::string, std::string>;

bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void append_encoded(std::string& out, std::string_view text, bool keeps_slash) {
    constexpr std::string_view kHexUpper = "0123456789ABCDEF";
    for (const char c : text) {
        if (is_unreserved(c) || (c == '/' && keeps_slash)) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += kHexUpper[byte >> 4U];
        out += kHexUpper[byte & 15U];
    }
}

/// Takes what stands before the next `separator` off `rest`, and the separator too.
std::string_view take_until(std::string_view& rest, char separator) {
    const std::string_view taken = rest.substr(0, rest.find(separator));
    rest.remove_prefix(std::min(rest.size(), taken.size() + 1));
    return taken;
}

/// Without ".", ".." and empty parts. Source: RFC 3986, section 5.2.4.
std::string without_dots(std::string_view path) {
    const bool ends_in_slash = path.ends_with('/');
    std::vector<std::string_view> parts;
    while (!path.empty()) {
        const std::string_view part = take_until(path, '/');
        if (part.empty() || part == ".") continue;
        if (part != "..") {
            parts.push_back(part);
        } else if (!parts.empty()) {
            parts.pop_back();
        }
    }
    std::string out;
    for (const std::string_view part : parts) out.append("/").append(part);
    if (ends_in_slash || out.empty()) out += '/';
    return out;
}

std::string canonical_query(std::string_view query) {
    const auto coded = [](std::string_view text) {
        std::string decoded;
        return aws_encoded(percent_decode(text, decoded) ? decoded : text);
    };
    std::vector<Pair> pairs;
    while (!query.empty()) {
        std::string_view value = take_until(query, '&');
        const std::string_view name = take_until(value, '=');
        pairs.emplace_back(coded(name), coded(value));
    }
    std::ranges::sort(pairs);
    std::string out;
    for (const auto& [name, value] : pairs) {
        out.append(out.empty() ? "" : "&").append(name).append("=").append(value);
    }
    return out;
}

/// In lower case, sorted, values without the spaces around and doubled in them; those of one name
/// together.
std::vector<Pair> canonical_head(std::span<const AwsField> head) {
    std::vector<Pair> pairs;
    for (const AwsField& field : head) {
        std::string name;
        for (const char c : field.name) {
            name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        }
        std::string value;
        std::string_view rest = field.value;
        while (!rest.empty()) {
            const std::string_view word = take_until(rest, ' ');
            if (!word.empty()) value.append(value.empty() ? "" : " ").append(word);
        }
        const auto same = std::ranges::find(pairs, name, &Pair::first);
        if (same != pairs.end()) {
            same->second.append(",").append(value);
        } else {
            pairs.emplace_back(std::move(name), std::move(value));
        }
    }
    std::ranges::sort(pairs, {}, &Pair::first);
    return pairs;
}

std::string_view text_of(const Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string sign(const AwsSigner& signer, std::string_view day, std::string_view text) {
    const Secret first(fmt::format("AWS4{}", signer.secret_access_key));
    Digest key = HmacKey(first.reveal()).sign(day);
    for (const std::string_view part : {signer.region, signer.service, kTerminator}) {
        key = HmacKey(text_of(key)).sign(part);
    }
    return to_hex(HmacKey(text_of(key)).sign(text));
}

}  // namespace

AwsSignature aws_sign(const AwsRequest& request, const AwsSigner& signer) {
    AwsSignature out;
    std::string& canonical = out.canonical_request;
    canonical.append(request.method).append("\n");
    append_encoded(canonical,
                   request.path_is_plain ? std::string(request.path) : without_dots(request.path),
                   true);
    canonical.append("\n").append(canonical_query(request.query)).append("\n");
    std::string names;
    for (const auto& [name, value] : canonical_head(request.head)) {
        canonical.append(name).append(":").append(value).append("\n");
        names.append(names.empty() ? "" : ";").append(name);
    }
    canonical.append("\n").append(names).append("\n").append(to_hex(request.body));

    const std::string date = aws_date(signer.at);
    const std::string_view day = std::string_view(date).substr(0, kDaySize);
    const std::string scope =
        fmt::format("{}/{}/{}/{}", day, signer.region, signer.service, kTerminator);
    out.string_to_sign =
        fmt::format("{}\n{}\n{}\n{}", kAlgorithm, date, scope, to_hex(sha256(canonical)));
    out.signature = sign(signer, day, out.string_to_sign);
    out.authorization = fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}",
                                    kAlgorithm,
                                    signer.access_key_id,
                                    scope,
                                    names,
                                    out.signature);
    return out;
}

std::string aws_date(TimePoint at) {
    const auto second = std::chrono::floor<std::chrono::seconds>(at);
    const auto midnight = std::chrono::floor<std::chrono::days>(second);
    const std::chrono::year_month_day day(midnight);
    const std::chrono::hh_mm_ss time(second - midnight);
    return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z",
                       static_cast<int>(day.year()),
                       static_cast<unsigned>(day.month()),
                       static_cast<unsigned>(day.day()),
                       time.hours().count(),
                       time.minutes().count(),
                       time.seconds().count());
}

std::string aws_encoded(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    append_encoded(out, text, false);
    return out;
}

}  // namespace keywarden
