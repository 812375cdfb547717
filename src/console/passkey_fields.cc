#include "console/passkey_fields.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/base64url.h"
#include "domain/web_session.h"

namespace keywarden {
namespace {

constexpr size_t kUserHandleMax = 64;

Result<void> read_into(std::string& out,
                       std::string_view field,
                       const Json& value,
                       size_t bytes_max) {
    TRY(out, read_bytes_field(field, value, bytes_max));
    return {};
}

constexpr std::array kAnswerFields = {
    Field<PasskeyAnswer>{"attempt",
                         [](const Json& value, PasskeyAnswer& out) -> Result<void> {
                             const bool fits =
                                 value.is_string() &&
                                 value.get_ref<const std::string&>().size() == kWebTokenLength;
                             if (!fits) return fail_field("attempt", "must be what was given");
                             out.attempt = value.get<std::string>();
                             return {};
                         }},
    Field<PasskeyAnswer>{"id",
                         [](const Json& value, PasskeyAnswer& out) {
                             return read_into(
                                 out.assertion.credential_id, "id", value, kCredentialIdMax);
                         }},
    Field<PasskeyAnswer>{"client_data",
                         [](const Json& value, PasskeyAnswer& out) {
                             return read_into(
                                 out.assertion.client_data, "client_data", value, kClientDataMax);
                         }},
    Field<PasskeyAnswer>{"authenticator_data",
                         [](const Json& value, PasskeyAnswer& out) {
                             return read_into(out.assertion.authenticator_data,
                                              "authenticator_data",
                                              value,
                                              kAuthenticatorDataMax);
                         }},
    Field<PasskeyAnswer>{"signature",
                         [](const Json& value, PasskeyAnswer& out) {
                             return read_into(
                                 out.assertion.signature, "signature", value, kPasskeySignatureMax);
                         }},
    Field<PasskeyAnswer>{"user_handle",
                         [](const Json& value, PasskeyAnswer& out) {
                             return read_into(
                                 out.assertion.user_handle, "user_handle", value, kUserHandleMax);
                         }},
};

}  // namespace

Result<std::string> read_bytes_field(std::string_view field, const Json& value, size_t bytes_max) {
    if (!value.is_string()) return fail_field(field, "must be a string");
    std::string text = value.get<std::string>();
    const bool fits = !text.empty() && text.size() <= (bytes_max * 4 + 2) / 3;
    if (!fits) return fail_field(field, "must have 1 to " + std::to_string(bytes_max) + " bytes");
    const bool has_padding = text.contains('=');
    while (text.size() % 4 != 0) text.push_back('=');
    const auto bytes = from_base64url(text);
    if (has_padding || !bytes) return fail_field(field, "must be base64url without padding");
    return std::string(bytes->reveal());
}

Result<PasskeyAnswer> read_passkey_answer(const Json& value) {
    if (!value.is_object()) return fail_field("passkey", "must be an object");
    PasskeyAnswer out;
    TRY_VOID(read_fields<PasskeyAnswer>(value, kAnswerFields, out));
    for (const auto& field : kAnswerFields) {
        if (field.name != "user_handle" && !value.contains(field.name)) {
            return fail_field(field.name, "is required");
        }
    }
    return out;
}

Result<std::vector<std::string>> read_transports(const Json& value) {
    const bool fits = value.is_array() && value.size() <= kTransportsMax;
    if (!fits) {
        return fail_field("transports",
                          "must be a list of at most " + std::to_string(kTransportsMax));
    }
    std::vector<std::string> out;
    for (const Json& each : value) {
        const std::string word = each.is_string() ? each.get<std::string>() : std::string();
        const bool is_word =
            !word.empty() && word.size() <= kTransportMax && std::ranges::all_of(word, [](char c) {
                return c == '-' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
            });
        if (!is_word) return fail_field("transports", "must be of words such as \"internal\"");
        out.push_back(word);
    }
    return out;
}

}  // namespace keywarden
