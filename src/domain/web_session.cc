#include "domain/web_session.h"

#include <algorithm>
#include <array>

namespace keywarden {
namespace {

// 43 characters of these 62 are 256 bits.
constexpr std::string_view kTokenAlphabet = kBase62;

}  // namespace

TimePoint ends_at(const WebSession& session) { return session.created_at + kSessionLifeMax; }

TimePoint idle_ends_at(const WebSession& session) {
    return std::min(session.used_at + kSessionIdleMax, ends_at(session));
}

bool is_live(const WebSession& session, TimePoint now) { return now < idle_ends_at(session); }

bool takes_sessions(Permission permission) {
    constexpr std::array kOfKeys = {
        Permission::Public, Permission::AnyKey, Permission::Inference, Permission::Verify};
    return std::ranges::find(kOfKeys, permission) == kOfKeys.end();
}

Secret new_web_token() { return Secret(random_text(kWebTokenLength, kTokenAlphabet)); }

Digest web_token_digest(std::string_view token) { return sha256(token); }

std::string_view session_cookie_name(bool is_secure) {
    return is_secure ? "__Host-keywarden_session" : "keywarden_session";
}

std::string_view sso_cookie_name(bool is_secure) {
    return is_secure ? "__Host-keywarden_sso" : "keywarden_sso";
}

std::string csrf_token_of(std::string_view token) {
    return to_hex(sha256("keywarden csrf " + std::string(token)));
}

}  // namespace keywarden
