#include "proxy/session.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/http.h"
#include "domain/compiled_policy.h"
#include "domain/role.h"
#include "domain/scope.h"
#include "domain/team.h"
#include "proxy/policy.h"
#include "store/session_directory.h"

namespace keywarden {
namespace {

/// The value of a cookie: the first one of that name. Browsers send all in one field.
std::optional<std::string_view> cookie(const MessageHead& head, std::string_view name) {
    for (size_t i = 0; i < head.field_count(); ++i) {
        const FieldView field = head.field(i);
        if (!equal_ignoring_case(field.name, "cookie")) continue;
        std::string_view rest = field.value;
        while (!rest.empty()) {
            const std::string_view pair = rest.substr(0, rest.find(';'));
            rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
            const std::string_view trimmed =
                pair.substr(std::min(pair.find_first_not_of(' '), pair.size()));
            if (trimmed.size() <= name.size() || trimmed[name.size()] != '=') continue;
            if (trimmed.starts_with(name)) return trimmed.substr(name.size() + 1);
        }
    }
    return std::nullopt;
}

std::optional<std::string_view> presented(const Call& call) {
    return cookie(call.exchange->head(), session_cookie_name(is_secure(call)));
}

bool is_change(const Call& call) {
    return call.facts->method != Method::Get && call.facts->method != Method::Head;
}

std::unexpected<Error> foreign() {
    return fail(ErrorCode::CsrfFailed,
                "The change was not sent by a page of this gateway. Behind a proxy, have it pass "
                "'Host' on as it came.");
}

Result<void> check_csrf(const Call& call, const WebSession& session) {
    TRY_VOID(check_own_page(call));
    const std::string_view sent = call.exchange->head().value("x-keywarden-csrf");
    const auto bytes = [](std::string_view text) {
        return std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size());
    };
    if (equal_in_constant_time(bytes(sent), bytes(session.csrf_token))) return {};
    return fail({.code = ErrorCode::CsrfFailed,
                 .message = "A change needs the header 'X-Keywarden-Csrf' with the session's "
                            "'csrf_token', which GET /auth/session tells.",
                 .param = "X-Keywarden-Csrf"});
}

Result<std::string_view> team_of(const Call& call, const PresentedSession& presented) {
    PolicyDirectory& policies = call.proxy->parts().keys->policies();
    const std::string_view wanted = call.exchange->head().value("x-keywarden-team");
    const auto no_such_team = [] {
        return fail({.code = ErrorCode::NotFound,
                     .message = "There is no such team, or you are not in it.",
                     .param = "X-Keywarden-Team"});
    };
    if (wanted.empty()) {
        if (presented.is_operator) return std::string_view(call.proxy->parts().operator_team_id);
        return fail({.code = ErrorCode::InvalidRequest,
                     .message = "Say which team it is about, as 'X-Keywarden-Team: team_...'.",
                     .param = "X-Keywarden-Team"});
    }
    const auto team = policies.find_team(wanted);
    if (!team) return no_such_team();
    if (presented.is_operator) return *team;
    if (policies.find_member(*team, presented.user_id) == nullptr) return no_such_team();
    return *team;
}

}  // namespace

bool is_secure(const Call& call) {
    if (call.exchange->is_tls()) return true;
    return is_trusted_proxy(call) &&
           equal_ignoring_case(call.exchange->head().value("x-forwarded-proto"), "https");
}

std::string sso_cookie_of(const Call& call) {
    const auto value = cookie(call.exchange->head(), sso_cookie_name(is_secure(call)));
    return value && value->size() == kWebTokenLength ? std::string(*value) : std::string();
}

bool presents_session(const Call& call) { return presented(call).has_value(); }

Result<void> check_own_page(const Call& call) {
    if (!is_change(call)) return {};
    const RequestHead& head = call.exchange->head();
    const std::string_view site = head.value("sec-fetch-site");
    if (!site.empty() && site != "same-origin" && site != "none") return foreign();
    std::string_view origin = head.value("origin");
    if (origin.empty()) return {};
    const size_t scheme = origin.find("://");
    if (scheme == std::string_view::npos) return foreign();
    if (is_secure(call) && !origin.starts_with("https:")) return foreign();
    origin.remove_prefix(scheme + 3);
    const std::string_view forwarded =
        is_trusted_proxy(call) ? head.value("x-forwarded-host") : std::string_view();
    if (equal_ignoring_case(origin, forwarded.empty() ? head.value("host") : forwarded)) return {};
    return foreign();
}

Result<void> authenticate_session(Call* call) {
    const ProxyParts& parts = call->proxy->parts();
    const auto token = presented(*call);
    std::optional<PresentedSession> found;
    if (token && parts.sessions != nullptr) found = parts.sessions->find(*token, call->loop->now());
    if (!found) {
        return fail(ErrorCode::SessionRequired, "There is no session, or it has ended. Sign in.");
    }
    if (is_change(*call)) TRY_VOID(check_csrf(*call, found->session));
    Caller caller{.user_id = found->user_id, .is_operator = found->is_operator};
    if (call->facts->needs.permission != Permission::Session) {
        if (call->facts->needs.permission == Permission::Operator && !found->is_operator) {
            return fail(denied(ErrorCode::TeamAccessDenied,
                               Scope::Instance,
                               "This is for operators of the gateway."));
        }
        TRY(caller.team_id, team_of(*call, *found));
    }
    call->caller = caller;
    call->session = std::make_unique<WebSession>(std::move(found->session));
    return {};
}

Result<void> may_person_come(Call* call) {
    const Permission needed = call->facts->needs.permission;
    if (!call->caller) return fail(ErrorCode::SessionRequired, "There is no session. Sign in.");
    const Caller& person = *call->caller;
    if (person.is_operator || needed == Permission::Session) return {};
    PolicyDirectory& policies = call->proxy->parts().keys->policies();
    const KeyPlace* const place = policies.find_member(person.team_id, person.user_id);
    if (place == nullptr) {
        return fail(
            denied(ErrorCode::TeamAccessDenied, Scope::Team, "You are not in this team any more."));
    }
    const PolicyReading reading = policies.read_member(*place);
    TRY_VOID(check_team(reading.team_state()));
    TRY_VOID(check_role(reading.maker(), needed));
    // Lists of endpoints are about keys, which are managed here.
    return check(reading.chain(), {.address = call->client_ip});
}

}  // namespace keywarden
