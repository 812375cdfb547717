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
    request_.model_names = names_->all();
}

Result<void> check_model(std::span<const PolicyLink> chain,
                         const Catalogue& catalogue,
                         std::string_view asked_for,
                         const ModelTarget& target) {
    const ModelRequest wanted(catalogue, asked_for, target, any_has(chain, PolicyRule::Models));
    return check(chain, wanted.request());
}

}  // namespace keywarden
