#include "domain/catalogue.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/nearest_name.h"

namespace keywarden {
namespace {

constexpr size_t kRouteIdMax = 256;
constexpr size_t kIdShownMax = 100;  // of an unknown id, in the message that says so

/// What stands for a character in an id with underscores.
char underscored(char c) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '_';
}

/// "near" and "Qwen3-30B" make "near_qwen3_30b".
std::string underscore_id(std::string_view provider, std::string_view model) {
    return std::string(ModelNames(provider, model).all().back());
}

std::unexpected<Error> misconfigured(std::string message) {
    return fail(ErrorCode::InvalidConfig, std::move(message));
}

std::string prefixed(const CatalogueProvider& provider, const CatalogueProvider::Model& model) {
    return provider.name + "/" + model.id;
}

}  // namespace

std::string_view name(RouteStrategy strategy) {
    return strategy == RouteStrategy::Weighted ? "weighted" : "fallback";
}

std::optional<RouteStrategy> route_strategy_named(std::string_view name) {
    if (name == "fallback") return RouteStrategy::Fallback;
    if (name == "weighted") return RouteStrategy::Weighted;
    return std::nullopt;
}

size_t CatalogueRoute::first_of(uint64_t calls_before) const {
    if (declared.strategy != RouteStrategy::Weighted) return 0;
    uint64_t all = 0;
    for (const ModelRoute::Target& target : declared.targets) {
        all += static_cast<uint64_t>(target.weight);
    }
    // Steps of the golden ratio, without a divisor of `all`: of `all` calls each number is met
    // once, and none soon after its neighbour.
    uint64_t step = all * 618 / 1'000;
    while (std::gcd(step, all) != 1) ++step;
    auto left = static_cast<int64_t>(calls_before % all * step % all);
    size_t first = 0;
    while (left >= declared.targets[first].weight) left -= declared.targets[first++].weight;
    return first;
}

ModelNames::ModelNames(std::string_view provider, std::string_view model) {
    text_.append(provider);
    text_.push_back('/');
    text_.append(model);
    const size_t size = text_.size();
    text_.resize(2 * size);
    std::transform(text_.data(), text_.data() + size, text_.data() + size, underscored);
    names_ = {
        model, std::string_view(text_.data(), size), std::string_view(text_.data() + size, size)};
}

Result<Catalogue> Catalogue::open(std::vector<CatalogueProvider> providers,
                                  std::vector<ModelAlias> aliases,
                                  std::vector<ModelRoute> routes) {
    Catalogue catalogue;
    catalogue.providers_ = std::move(providers);
    size_t open_ended = 0;
    const auto each_model = [&](const auto& visit) {
        for (size_t p = 0; p < catalogue.providers_.size(); ++p) {
            const CatalogueProvider& provider = catalogue.providers_[p];
            for (size_t m = 0; m < provider.models.size(); ++m) {
                visit(provider, provider.models[m], Entry{.provider = p, .model = m});
            }
        }
    };
    for (size_t p = 0; p < catalogue.providers_.size(); ++p) {
        const CatalogueProvider& provider = catalogue.providers_[p];
        if (!catalogue.provider_names_.emplace(provider.name, p).second) {
            return misconfigured("Two providers are called '" + provider.name + "'.");
        }
        if (provider.takes == CatalogueProvider::Takes::Anything) {
            catalogue.takes_anything_ = ++open_ended == 1 ? p : SIZE_MAX;
        }
    }
    // A model's own id comes before the forms that are made of it.
    each_model([&](const auto&, const auto& model, Entry entry) {
        catalogue.ids_.emplace(model.id, entry);
    });
    std::string twice;
    each_model([&](const auto& provider, const auto& model, Entry entry) {
        const auto [there, fresh] = catalogue.ids_.emplace(prefixed(provider, model), entry);
        if (!fresh && there->second.provider == entry.provider &&
            there->second.model != entry.model) {
            twice = prefixed(provider, model);
        }
    });
    if (!twice.empty()) return misconfigured("The model '" + twice + "' is there twice.");
    each_model([&](const auto& provider, const auto& model, Entry entry) {
        catalogue.ids_.emplace(underscore_id(provider.name, model.id), entry);
        const Entry bare = catalogue.ids_.find(model.id)->second;
        const bool is_bare = bare.provider == entry.provider && bare.model == entry.model;
        catalogue.listed_.emplace_back(is_bare ? model.id : prefixed(provider, model),
                                       entry.provider);
    });
    for (const ModelAlias& alias : aliases) {
        ModelTarget target;
        if (std::ranges::count(aliases, alias.id, &ModelAlias::id) > 1) {
            return misconfigured("Two aliases are called '" + alias.id + "'.");
        }
        if (catalogue.ids_.contains(alias.id)) {
            return misconfigured("The alias '" + alias.id + "' is already the id of a model.");
        }
        if (!catalogue.find(alias.target, target)) {
            return misconfigured("The alias '" + alias.id + "' stands for '" + alias.target +
                                 "', which no provider has.");
        }
        catalogue.listed_.emplace_back(alias.id, target.provider);
    }
    catalogue.aliases_ = std::move(aliases);
    if (routes.size() > kRoutesMax) return misconfigured("There are too many routes.");
    for (ModelRoute& route : routes) TRY_VOID(catalogue.add_route(std::move(route)));
    return catalogue;
}

Result<void> Catalogue::add_route(ModelRoute route_declared) {
    auto route = std::make_unique<CatalogueRoute>();
    route->declared = std::move(route_declared);
    route->index = routes_.size();
    const ModelRoute& declared = route->declared;
    const auto wrong = [&](std::string_view what) {
        return misconfigured("The route '" + declared.id + "' " + std::string(what));
    };
    const std::string& id = declared.id;
    const bool is_visible = std::ranges::all_of(id, [](char c) { return c > ' ' && c < 0x7f; });
    if (id.empty() || id.size() > kRouteIdMax || !is_visible) {
        return wrong("must be called by 1 to 256 visible characters without spaces.");
    }
    if (ids_.contains(id) || std::ranges::count(aliases_, id, &ModelAlias::id) > 0) {
        return wrong("is already the id of a model, an alias, or a route.");
    }
    if (provider_names_.contains(id.substr(0, id.find('/')))) {
        return wrong("stands in a provider's name, where only its models may.");
    }
    if (declared.targets.empty() || declared.targets.size() > kRouteTargetsMax) {
        return wrong("must have 1 to 16 targets.");
    }
    for (const ModelRoute::Target& each : declared.targets) {
        ModelTarget target;
        if (!find(each.model, target) || target.route != nullptr) {
            return wrong("goes to '" + each.model + "', which is no provider's model.");
        }
        if (each.weight < 1 || each.weight > kRouteWeightMax) {
            return wrong("has a weight that is not from 1 to 1000000.");
        }
        const bool is_there = std::ranges::any_of(route->targets, [&](const ModelTarget& other) {
            return other.provider == target.provider && other.id == target.id;
        });
        if (is_there) return wrong("goes to '" + each.model + "' twice.");
        target.is_listed = true;  // what it views lives as long as the catalogue
        route->targets.push_back(target);
    }
    ids_.emplace(id, Entry{.provider = kIsRoute, .model = route->index});
    listed_.emplace_back(id, kIsRoute);
    routes_.push_back(std::move(route));
    return {};
}

bool Catalogue::find(std::string_view id, ModelTarget& target) const {
    if (const auto found = ids_.find(id); found != ids_.end()) {
        const auto [provider, model] = found->second;
        if (provider == kIsRoute) [[unlikely]] {
            target = routes_[model]->targets.front();
            target.route = routes_[model].get();
            return true;
        }
        const CatalogueProvider::Model& row = providers_[provider].models[model];
        target = {provider, row.id, row.upstream_id, true};
        return true;
    }
    const size_t slash = id.find('/');
    if (slash != std::string_view::npos && slash + 1 < id.size()) {
        const auto found = provider_names_.find(id.substr(0, slash));
        if (found != provider_names_.end()) {
            if (providers_[found->second].takes == CatalogueProvider::Takes::Listed) return false;
            const std::string_view rest = id.substr(slash + 1);
            target = {found->second, rest, rest, false};
            return true;
        }
    }
    if (takes_anything_ == SIZE_MAX || id.empty()) return false;
    target = {takes_anything_, id, id, false};
    return true;
}

Result<ModelTarget> Catalogue::resolve(std::string_view id) const {
    ModelTarget target;
    for (const ModelAlias& alias : aliases_) {
        if (alias.id == id && find(alias.target, target)) return target;
    }
    if (find(id, target)) return target;

    std::vector<std::string_view> names;
    names.reserve(ids_.size() + aliases_.size());
    for (const auto& [listed, provider] : listed_) names.push_back(listed);
    for (const auto& [known, entry] : ids_) names.push_back(known);
    std::string message = "The model '" + std::string(id.substr(0, kIdShownMax)) +
                          "' does not exist, or you may not use it.";
    if (const std::string_view near = nearest_name(id, names); !near.empty()) {
        message += " Did you mean '" + std::string(near) + "'?";
    }
    return fail(
        Error{.code = ErrorCode::ModelNotFound, .message = std::move(message), .param = "model"});
}

Result<ModelTarget> Catalogue::resolve_model(std::string_view id) const {
    TRY(const ModelTarget target, resolve(id));
    if (target.route == nullptr) return target;
    return fail(Error{
        .code = ErrorCode::ModelNotFound,
        .message = "'" + std::string(id) + "' is a route: name one of the models that it goes to.",
        .param = "model"});
}

std::vector<Catalogue::Listed> Catalogue::list() const {
    std::vector<Listed> models;
    models.reserve(listed_.size());
    for (const auto& [id, provider] : listed_) {
        const bool is_route = provider == kIsRoute;
        models.push_back({id, is_route ? kOwnedByUs : std::string_view(providers_[provider].name)});
    }
    return models;
}

}  // namespace keywarden
