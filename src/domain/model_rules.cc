#include "domain/model_rules.h"

namespace keywarden {

ModelRequest::ModelRequest(const Catalogue& catalogue,
                           std::string_view asked_for,
                           const ModelTarget& target,
                           bool names) {
    const CatalogueProvider& provider = catalogue.providers()[target.provider];
    request_.provider = provider.name;
    request_.privacy = provider.privacy;
    if (!names) return;
    names_.emplace(provider.name, target.id);
    request_.model = asked_for;
    const std::span<const std::string_view> all = names_->all();
    // Most models are asked for by the first of their names: it is looked up once.
    request_.model_names = all.front() == asked_for ? all.subspan(1) : all;
}

PolicyNames policy_names(const Catalogue& catalogue, std::span<const std::string_view> endpoints) {
    PolicyNames names{.endpoints = {endpoints.begin(), endpoints.end()}};
    for (const CatalogueProvider& provider : catalogue.providers()) {
        names.providers.push_back(provider.name);
        for (const CatalogueProvider::Model& model : provider.models) {
            for (const std::string_view name : ModelNames(provider.name, model.id).all()) {
                names.models.emplace_back(name);
            }
        }
        if (provider.takes == CatalogueProvider::Takes::Listed) continue;
        const bool takes_anything = provider.takes == CatalogueProvider::Takes::Anything;
        auto more = Glob::parse(takes_anything ? "*" : provider.name + "/*");
        if (more) names.more_models.push_back(*std::move(more));
    }
    for (const auto& [id, provider] : catalogue.list()) names.models.emplace_back(id);
    return names;
}

Result<void> check_model(std::span<const PolicyLink> chain,
                         const Catalogue& catalogue,
                         std::string_view asked_for,
                         const ModelTarget& target) {
    const ModelRequest wanted(catalogue, asked_for, target, any_has(chain, PolicyRule::Models));
    return check(chain, wanted.request());
}

ModelTarget usable_target(std::span<const PolicyLink> chain,
                          const Catalogue& catalogue,
                          std::string_view asked_for,
                          const ModelTarget& target) {
    if (target.route == nullptr) return target;
    for (const ModelTarget& each : target.route->targets) {
        if (check_model(chain, catalogue, asked_for, each)) return each;
    }
    return target;
}

}  // namespace keywarden
