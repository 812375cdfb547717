// /v1/authz: whether a proxy should let a request through, asked with that request's own headers.
//
// The caller is whoever sent the original request. What is demanded of them is the proxy's to say,
// and must not be theirs: it stands in the query for a proxy that chooses the whole address (nginx,
// Traefik), and in the path for one that puts the original address behind its own (Envoy), whose
// query is then the client's and is never read.
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/handlers.h"
#include "admin/json_body.h"
#include "admin/key_check.h"
#include "base/http.h"

namespace keywarden {
namespace {

struct Demanded {
    std::string team{};
    KeyDemand demand{.needs_endpoint = true};
    std::vector<std::string> limits{};
    int64_t cost = 1;
};

/// Calls `each` with every part of a list with commas, until one fails.
template <class Each>
Result<void> for_each_name(std::string_view names, Each each) {
    while (!names.empty()) {
        const std::string_view name = names.substr(0, names.find(','));
        names.remove_prefix(std::min(names.size(), name.size() + 1));
        TRY_VOID(each(name));
    }
    return {};
}

Result<void> read_team(const std::string& value, Demanded& demanded) {
    demanded.team = value;
    return {};
}

Result<void> read_endpoint(const std::string& value, Demanded& demanded) {
    if (!is_plain_path(value)) return fail_field("endpoint", "must be a path such as /orders");
    demanded.demand.endpoint = value;
    return {};
}

Result<void> read_model(const std::string& value, Demanded& demanded) {
    demanded.demand.model = value;
    return {};
}

Result<void> read_permission(const std::string& value, Demanded& demanded) {
    return for_each_name(value, [&](std::string_view name) -> Result<void> {
        TRY(const Permission permission, permission_called("permission", name));
        demanded.demand.permissions.push_back(permission);
        return {};
    });
}

Result<void> read_limit(const std::string& value, Demanded& demanded) {
    return for_each_name(value, [&](std::string_view name) -> Result<void> {
        demanded.limits.emplace_back(name);
        return {};
    });
}

Result<void> read_cost(const std::string& value, Demanded& demanded) {
    const char* const end = value.data() + value.size();
    const auto [stop, problem] = std::from_chars(value.data(), end, demanded.cost);
    if (problem == std::errc() && stop == end && demanded.cost >= 0 && demanded.cost <= kCostMax) {
        return {};
    }
    return fail_field("cost", "must be a whole number from 0 to 1000000000");
}

struct Parameter {
    std::string_view name;
    Result<void> (*read)(const std::string& value, Demanded& demanded);
};

constexpr std::array kParameters = {
    Parameter{"team", read_team},
    Parameter{"endpoint", read_endpoint},
    Parameter{"model", read_model},
    Parameter{"permission", read_permission},
    Parameter{"limit", read_limit},
    Parameter{"cost", read_cost},
};

Result<Demanded> read_demanded(std::string_view text) {
    Demanded demanded;
    std::vector<std::string_view> seen;
    while (!text.empty()) {
        const std::string_view pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(text.size(), pair.size() + 1));
        const std::string_view name = pair.substr(0, pair.find('='));
        const auto* const row = std::ranges::find(kParameters, name, &Parameter::name);
        if (row == kParameters.end()) {
            std::vector<std::string_view> known;
            for (const Parameter& each : kParameters) known.push_back(each.name);
            return fail_unknown_field(name, known);
        }
        if (std::ranges::find(seen, name) != seen.end()) return fail_field(name, "is there twice");
        seen.push_back(name);
        const std::string value = query_parameter(pair, name);
        if (value.empty()) return fail_field(name, "must have a value, with its escapes whole");
        TRY_VOID(row->read(value, demanded));
    }
    if (demanded.team.empty()) {
        return fail_field("team", "is required: the id of the team whose keys may come in");
    }
    for (const std::string& name : demanded.limits) {
        TRY_VOID(add_cost("limit", name, demanded.cost, demanded.demand.costs));
    }
    return demanded;
}

/// The path of an address as it was sent; nothing where it could be read in two ways.
std::optional<std::string> plain_path(std::string_view sent) {
    sent = sent.substr(0, sent.find('?'));
    for (size_t at = sent.find('%'); at != std::string_view::npos; at = sent.find('%', at + 1)) {
        const std::string_view escape = sent.substr(at, 3);
        if (equal_ignoring_case(escape, "%2f")) return std::nullopt;
    }
    std::string path;
    if (!percent_decode(sent, path) || !is_plain_path(path)) return std::nullopt;
    return path;
}

/// What the proxy says was asked for. Only the headers of trusted proxies come this far. Where two
/// say different things, one of them may be the client's: then nothing is said.
std::string told_path(const HttpRequest& request) {
    std::optional<std::string_view> told;
    for (const Header& header : request.headers) {
        if (!equal_ignoring_case(header.name, "X-Original-URI") &&
            !equal_ignoring_case(header.name, "X-Forwarded-Uri")) {
            continue;
        }
        if (told && *told != header.value) return {};
        told = header.value;
    }
    return told ? plain_path(*told).value_or("") : std::string();
}

HttpResponse let_through(AdminContext& context, const Caller& key) {
    const PolicyReading reading = context.keys.read_policy(key);
    // Each is there, if empty: a proxy that copies what it gets then overwrites what a client sent.
    return {.status = 200,
            .headers = {{"X-Keywarden-Key-Id", std::string(key.key_id())},
                        {"X-Keywarden-Team", std::string(key.team_id)},
                        {"X-Keywarden-App", std::string(reading.app_id())},
                        {"X-Keywarden-User", std::string(reading.user_id())},
                        {"Cache-Control", "no-store"}}};
}

}  // namespace

Result<HttpResponse> authorize_request(AdminContext& context, const ApiCall& call) {
    const bool in_path = !call.values.empty();
    TRY(Demanded demanded, read_demanded(in_path ? call.values.at(0) : call.request.query));
    if (!call.request.body.empty()) {
        return fail(ErrorCode::InvalidRequest,
                    "The body of the original request is not looked at: have the proxy send none.");
    }
    const Caller& key = *call.caller;
    if (key.is_operator) {  // the proxy came over the gateway's own socket: that opens no doors
                            // here
        return fail(ErrorCode::MissingApiKey, "No API key was sent.");
    }
    if (key.team_id != demanded.team) {
        return fail(ErrorCode::InvalidApiKey, "The API key is not valid.");
    }
    KeyDemand& demand = demanded.demand;
    if (demand.endpoint.empty()) {
        demand.endpoint =
            in_path ? plain_path("/" + call.values.at(1)).value_or("") : told_path(call.request);
    }
    demand.address = parse_ip(call.request.peer_address);
    TRY_VOID(meet(context, key, demand));
    return let_through(context, key);
}

}  // namespace keywarden
