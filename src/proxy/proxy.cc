#include "proxy/proxy.h"

#include <algorithm>
#include <utility>

#include "base/version.h"

namespace keywarden {
namespace {

/// A provider as the catalogue sees it. The sandbox lists itself; its controls ("sandbox/echo") are
/// taken under its name, but are no models to choose from.
CatalogueProvider catalogued(const Provider& provider) {
    using Takes = CatalogueProvider::Takes;
    CatalogueProvider row{.name = provider.name, .privacy = provider.privacy};
    if (provider.kind == ProviderKind::Sandbox) {
        row.takes = Takes::Prefixed;
        row.models.push_back({"sandbox", "sandbox"});
    } else {
        row.takes = provider.models.empty() ? Takes::Anything : Takes::Listed;
    }
    for (const ProviderModel& model : provider.models) {
        row.models.push_back({model.id, model.upstream_id});
    }
    return row;
}

/// "/v1/keys/{id}" is "/v1/account/keys/{id}", where that is there too.
std::string_view canonical_path(const RouteFacts& route, const std::vector<RouteFacts>& routes) {
    if (!route.path.starts_with("/v1/")) return route.path;
    const std::string longer = "/v1/account" + std::string(route.path.substr(3));
    const auto same = std::ranges::find(routes, longer, &RouteFacts::path);
    return same != routes.end() ? same->path : route.path;
}

CallTimeouts timeouts_of(const ProviderTimeouts& own, const CallTimeouts& common) {
    return {.connect = own.connect.value_or(common.connect),
            .first_byte = own.first_byte.value_or(common.first_byte),
            .idle = own.idle.value_or(common.idle),
            .write_stall = common.write_stall,
            .total = own.total.value_or(common.total)};
}

}  // namespace

std::vector<RouteFacts> Proxy::routes_of(const std::vector<ApiRoute>& api_routes) {
    std::vector<RouteFacts> routes;
    for (const Endpoint& endpoint : endpoints()) routes.push_back(endpoint.facts);
    for (const ApiRoute& route : api_routes) routes.push_back(route.facts);
    return routes;
}

Result<std::unique_ptr<Proxy>> Proxy::open(ProxyParts parts) {
    TRY(Router router, Router::open(routes_of(parts.api_routes)));
    std::vector<CatalogueProvider> rows;
    for (const Provider& provider : parts.providers) rows.push_back(catalogued(provider));
    TRY(Catalogue catalogue, Catalogue::open(std::move(rows), parts.aliases, parts.routes));
    return std::unique_ptr<Proxy>(
        new Proxy(std::move(parts), std::move(router), std::move(catalogue)));
}

Proxy::Proxy(ProxyParts parts, Router router, Catalogue catalogue)
    : parts_(std::move(parts)),
      router_(std::move(router)),
      catalogue_(std::move(catalogue)),
      breakers_(parts_.providers.size()),
      route_turns_(catalogue_.routes().size()) {
    const std::vector<RouteFacts> routes = routes_of(parts_.api_routes);
    for (const RouteFacts& route : routes) policy_paths_.push_back(canonical_path(route, routes));
    for (const Provider& provider : parts_.providers) {
        timeouts_.push_back(timeouts_of(provider.timeouts, parts_.limits.upstream));
        std::vector<std::string>& heads = heads_.emplace_back();
        for (const Endpoint& endpoint : endpoints()) {
            heads.push_back(upstream_head_of(provider, endpoint));
        }
    }
}

std::string Proxy::upstream_head_of(const Provider& provider, const Endpoint& endpoint) {
    if (endpoint.body == BodyForm::None || provider.kind == ProviderKind::Sandbox) return {};
    // Bedrock's paths name the model: see upstream_bedrock.cc.
    const bool is_bedrock = endpoint.facts.dialect == Dialect::Bedrock;
    if (is_bedrock || provider.dialect == Dialect::Bedrock) return {};
    return "POST " + upstream_path(provider, endpoint.facts.path) +
           " HTTP/1.1\r\nHost: " + provider.base.authority() + "\r\nUser-Agent: keywarden/" +
           std::string(version()) + "\r\n";
}

const RouteFacts& Proxy::facts(size_t route) const {
    const Endpoint* const row = endpoint(route);
    return row != nullptr ? row->facts : api_route(route).facts;
}

const Endpoint* Proxy::endpoint(size_t route) const {
    return route < endpoints().size() ? &endpoints()[route] : nullptr;
}

const ApiRoute& Proxy::api_route(size_t route) const {
    const size_t row = route - endpoints().size();
    return row < parts_.api_routes.size() || !parts_.pages ? parts_.api_routes[row] : *parts_.pages;
}

std::optional<size_t> Proxy::pages_route() const {
    if (!parts_.pages) return std::nullopt;
    return endpoints().size() + parts_.api_routes.size();
}

}  // namespace keywarden
