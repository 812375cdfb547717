#include "domain/webauthn.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/cbor.h"
#include "base/crypto.h"
#include "base/json/body.h"
#include "base/url.h"
#include "domain/ip_range.h"

namespace keywarden {
namespace {

constexpr uint8_t kUserPresent = 0x01;
constexpr uint8_t kUserVerified = 0x04;
constexpr uint8_t kMayBeBackedUp = 0x08;
constexpr uint8_t kIsBackedUp = 0x10;
constexpr uint8_t kHasCredential = 0x40;
constexpr uint8_t kHasExtensions = 0x80;
constexpr size_t kModelBytes = 16;  // the AAGUID: who made it, which is not asked

std::span<const uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

bool says(const Json& object, const char* member, std::string_view wanted) {
    const auto found = object.find(member);
    return found != object.end() && found->is_string() &&
           found->get_ref<const std::string&>() == wanted;
}

Result<void> check_client_data(std::string_view text,
                               std::string_view type,
                               const PasskeyTerms& terms) {
    if (text.size() > kClientDataMax) return refused_passkey("client_data");
    const auto data = read_object({.body = std::string(text)}, Body::Required);
    if (!data) return refused_passkey("client_data");
    if (!says(*data, "type", type)) return refused_passkey("type");
    const bool is_answer =
        !terms.challenge.empty() && says(*data, "challenge", to_base64url_bare(terms.challenge));
    if (!is_answer) return refused_passkey("challenge");
    if (!says(*data, "origin", terms.party.origin)) return refused_passkey("origin");
    const auto crossing = data->find("crossOrigin");
    const bool is_alone = crossing == data->end() || *crossing == Json(false);
    if (!is_alone || data->contains("topOrigin")) return refused_passkey("cross_origin");
    return {};
}

/// The bytes that an authenticator signs, read from front to back.
class Bytes {
public:
    explicit Bytes(std::string_view text) : rest_(text) {}
    /// Nothing when there are fewer.
    std::optional<std::string_view> take(size_t size) {
        if (size > rest_.size()) return std::nullopt;
        const std::string_view out = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return out;
    }
    std::optional<uint32_t> number(size_t size) {
        const auto found = take(size);
        if (!found) return std::nullopt;
        uint32_t out = 0;
        for (const char c : *found) out = out << 8U | static_cast<uint8_t>(c);
        return out;
    }
    std::string_view rest() const { return rest_; }

private:
    std::string_view rest_;
};

struct Signed {
    uint8_t flags = 0;
    uint32_t sign_count = 0;
    std::string_view rest{};  // what the flags say follows
};

Result<Signed> read_signed(std::string_view text, const PasskeyTerms& terms) {
    if (text.size() > kAuthenticatorDataMax) return refused_passkey("authenticator_data");
    Bytes bytes(text);
    const auto party = bytes.take(Digest().size());
    const auto flags = bytes.number(1);
    const auto count = bytes.number(sizeof(uint32_t));
    if (!party || !flags || !count) return refused_passkey("authenticator_data");
    if (!equal_in_constant_time(bytes_of(*party), sha256(terms.party.id))) {
        return refused_passkey("rp_id");
    }
    if ((*flags & kUserPresent) == 0) return refused_passkey("user_present");
    if (terms.needs_verification && (*flags & kUserVerified) == 0) {
        return refused_passkey("user_verified");
    }
    if ((*flags & kIsBackedUp) != 0 && (*flags & kMayBeBackedUp) == 0) {
        return refused_passkey("backup_flags");
    }
    return Signed{
        .flags = static_cast<uint8_t>(*flags), .sign_count = *count, .rest = bytes.rest()};
}

/// What is left after the credential: a map of extensions where the flags say so, and nothing else.
Result<void> check_extensions(uint8_t flags, std::string_view rest) {
    if ((flags & kHasExtensions) != 0) {
        CborReader reader(rest);
        CborReader whole(rest);
        if (!reader.map() || !whole.skip()) return refused_passkey("extensions");
        rest = whole.rest();
    }
    if (!rest.empty()) return refused_passkey("authenticator_data");
    return {};
}

/// The bytes that the authenticator signed, out of what they come in.
Result<std::string_view> read_attestation(std::string_view text) {
    if (text.size() > kAuthenticatorDataMax) return refused_passkey("attestation");
    CborReader reader(text);
    if (reader.map() != 3) return refused_passkey("attestation");
    std::optional<std::string_view> format;
    std::optional<std::string_view> data;
    bool has_statement = false;
    for (int i = 0; i < 3; ++i) {
        const auto member = reader.text();
        if (member == "fmt" && !format) {
            format = reader.text();
        } else if (member == "attStmt" && !std::exchange(has_statement, true)) {
            CborReader statement = reader;
            if (!statement.map() || !reader.skip()) return refused_passkey("attestation");
        } else if (member == "authData" && !data) {
            data = reader.bytes();
        } else {
            return refused_passkey("attestation");
        }
    }
    if (!format || !data || !reader.rest().empty()) return refused_passkey("attestation");
    // None was asked for; a browser may leave one that the passkey made for itself.
    if (*format != "none" && *format != "packed") return refused_passkey("format");
    return *data;
}

}  // namespace

std::unexpected<Error> refused_passkey(std::string_view flaw) {
    return fail(ErrorCode::InvalidSignIn,
                "The passkey was not accepted. Try again, or sign in another way.",
                std::string(flaw));
}

Result<RelyingParty> relying_party_of(std::string_view url) {
    const auto parts = parse_url(url);
    if (!parts) {
        return fail(ErrorCode::InvalidRequest,
                    "Passkeys need the console to be asked by its name.");
    }
    if (parse_ip(parts->host)) {
        return fail(ErrorCode::InvalidRequest,
                    "Passkeys are for a host by its name, and the console was asked by an "
                    "address. Use its name.");
    }
    if (!parts->tls && parts->host != "localhost") {
        return fail(ErrorCode::InvalidRequest,
                    "Passkeys need TLS, and the console was asked without. Use https.");
    }
    return RelyingParty{.id = parts->host,
                        .origin = (parts->tls ? "https://" : "http://") + parts->authority()};
}

Result<Passkey> check_new_passkey(std::string_view client_data,
                                  std::string_view attestation_object,
                                  const PasskeyTerms& terms) {
    TRY_VOID(check_client_data(client_data, "webauthn.create", terms));
    TRY(const std::string_view data, read_attestation(attestation_object));
    TRY(const Signed found, read_signed(data, terms));
    if ((found.flags & kHasCredential) == 0) return refused_passkey("authenticator_data");
    Bytes bytes(found.rest);
    const auto model = bytes.take(kModelBytes);
    const auto id_size = bytes.number(sizeof(uint16_t));
    if (!model || !id_size) return refused_passkey("authenticator_data");
    const auto id = bytes.take(*id_size);
    if (!id || id->empty() || id->size() > kCredentialIdMax) {
        return refused_passkey("credential_id");
    }
    const std::string_view from_key = bytes.rest();
    CborReader reader(from_key);
    if (!reader.skip()) return refused_passkey("public_key");
    const std::string_view key = from_key.substr(0, from_key.size() - reader.rest().size());
    const auto read = read_cose_key(key);
    if (!read) return refused_passkey("public_key");
    TRY_VOID(check_extensions(found.flags, reader.rest()));
    return Passkey{.credential_id = std::string(*id),
                   .public_key = std::string(key),
                   .algorithm = read->algorithm,
                   .sign_count = found.sign_count,
                   .rp_id = terms.party.id};
}

Result<uint32_t> check_assertion(const PasskeyAssertion& assertion,
                                 const Passkey& passkey,
                                 const PasskeyTerms& terms) {
    if (passkey.rp_id != terms.party.id) return refused_passkey("rp_id");
    if (assertion.credential_id != passkey.credential_id) return refused_passkey("credential_id");
    TRY_VOID(check_client_data(assertion.client_data, "webauthn.get", terms));
    TRY(const Signed found, read_signed(assertion.authenticator_data, terms));
    if ((found.flags & kHasCredential) != 0) return refused_passkey("authenticator_data");
    TRY_VOID(check_extensions(found.flags, found.rest));
    const auto key = read_cose_key(passkey.public_key);
    if (!key || key->algorithm != passkey.algorithm) return refused_passkey("public_key");
    const Digest digest = sha256(assertion.client_data);
    std::string text = assertion.authenticator_data;
    text.append(digest.begin(), digest.end());
    const bool is_signed = assertion.signature.size() <= kPasskeySignatureMax &&
                           key->checks(text, assertion.signature);
    if (!is_signed) return refused_passkey("signature");
    const bool counts = found.sign_count != 0 || passkey.sign_count != 0;
    if (counts && found.sign_count <= passkey.sign_count) return refused_passkey("sign_count");
    return found.sign_count;
}

}  // namespace keywarden
