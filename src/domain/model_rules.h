// Whether policies let a model be used: by its names, its provider, and what becomes of prompts
// there.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "domain/catalogue.h"
#include "domain/compiled_policy.h"

namespace keywarden {

/// What a model is to the lists of a policy: a list may name any name that it goes by.
/// `catalogue`, `asked_for`, and `target` must outlive it. Stays where it is made.
class ModelRequest {
public:
    /// `names` false: nothing says anything of models, so that none of their names are needed.
    ModelRequest(const Catalogue& catalogue,
                 std::string_view asked_for,
                 const ModelTarget& target,
                 bool names = true);
    ModelRequest(const ModelRequest&) = delete;
    ModelRequest& operator=(const ModelRequest&) = delete;

    const PolicyRequest& request() const { return request_; }

private:
    std::optional<ModelNames> names_;
    PolicyRequest request_;
};

/// What patterns of policies may fit. `endpoints`: the paths that lists of endpoints are held
/// against.
PolicyNames policy_names(const Catalogue& catalogue, std::span<const std::string_view> endpoints);

/// `asked_for`: as it was asked for, which may be an alias or a route. Allocates nothing.
/// Errors: ModelNotAllowed.
Result<void> check_model(std::span<const PolicyLink> chain,
                         const Catalogue& catalogue,
                         std::string_view asked_for,
                         const ModelTarget& target);

/// What `target` means to whom the chain is about: of a route, the first of its targets that may be
/// used, or its first where none may. Allocates nothing.
ModelTarget usable_target(std::span<const PolicyLink> chain,
                          const Catalogue& catalogue,
                          std::string_view asked_for,
                          const ModelTarget& target);

}  // namespace keywarden
