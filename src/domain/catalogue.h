// The model catalogue: which provider and which upstream model an id means.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "domain/policy.h"

namespace keywarden {

/// One provider's part of the catalogue.
struct CatalogueProvider {
    struct Model {
        std::string id;           // what clients say
        std::string upstream_id;  // what the provider is told
    };
    /// Which ids that are not in `models` it takes all the same.
    enum class Takes : uint8_t {
        Listed,    // none
        Prefixed,  // any `name/…`
        Anything,  // any `name/…`; and any bare id, where no other provider takes anything
    };
    std::string name;
    Takes takes = Takes::Listed;
    std::vector<Model> models{};
    PrivacyClass privacy = PrivacyClass::Standard;  // what becomes of a prompt there
};

/// A declared stand-in: the only way in which one id becomes another.
struct ModelAlias {
    std::string id;
    std::string target;  // an id that is no alias
};

/// Whose routes are, where models are their providers'.
inline constexpr std::string_view kOwnedByUs = "keywarden";

inline constexpr size_t kRoutesMax = 1'000;
inline constexpr size_t kRouteTargetsMax = 16;
inline constexpr int64_t kRouteWeightMax = 1'000'000;

enum class RouteStrategy : uint8_t {
    Fallback,  // in their order: the next one serves what those before could not
    Weighted,  // one by weight, then the others in their order
};

/// "fallback", "weighted"; nothing for any other name.
std::string_view name(RouteStrategy strategy);
std::optional<RouteStrategy> route_strategy_named(std::string_view name);

/// A model id of its own, behind which several models stand.
struct ModelRoute {
    struct Target {
        std::string model;  // an id that is neither alias nor route
        int64_t weight = 1;
    };
    std::string id;
    RouteStrategy strategy = RouteStrategy::Fallback;
    std::vector<Target> targets{};
    /// Also what a provider took and never answered goes to the next one: it may be worked on, and
    /// paid for, twice.
    bool resends = false;
};

struct CatalogueRoute;

/// What an id means. The views live as long as the catalogue and the id that was asked for.
struct ModelTarget {
    size_t provider = 0;                    // index in the catalogue's providers
    std::string_view id{};                  // the model's id at its provider's, without any prefix
    std::string_view upstream_id{};         // what goes into the body
    bool is_listed = false;                 // if not, both are parts of the id that was asked for
    const CatalogueRoute* route = nullptr;  // the id is a route's, and this its first target
};

/// A route whose targets are known.
struct CatalogueRoute {
    ModelRoute declared{};
    size_t index = 0;                    // among the routes
    std::vector<ModelTarget> targets{};  // as declared; all count as listed

    /// The target that begins where so many calls came before: by weight, and of targets of like
    /// weight now the one, now the other.
    size_t first_of(uint64_t calls_before) const;
};

/// The names that a model `m` of provider `p` goes by at its provider's: `m`, `p/m`, and `p_m` as
/// described below. Allocates nothing for names of a usual length.
class ModelNames {
public:
    ModelNames(std::string_view provider, std::string_view model);
    std::span<const std::string_view> all() const { return names_; }

private:
    fmt::basic_memory_buffer<char, 256> text_;
    std::array<std::string_view, 3> names_;
};

/// Immutable once opened. A model `m` of provider `p` is known as `m` (the first provider that
/// lists it), as `p/m`, and as `p_m` with all that is no letter or digit written `_` and letters
/// lower case (`near_qwen3_30b` for `qwen3-30b` of `near`), unless another model's own id is that.
class Catalogue {
public:
    /// Errors: InvalidConfig for two providers of one name, an id twice at one provider, an alias
    /// or a route that is a model's id, or one whose target is unknown; a route without targets,
    /// with too many, with one twice, with a weight out of bounds, or that stands in a provider's
    /// name ("openai/best").
    static Result<Catalogue> open(std::vector<CatalogueProvider> providers,
                                  std::vector<ModelAlias> aliases,
                                  std::vector<ModelRoute> routes = {});

    /// Errors: ModelNotFound, naming the nearest id. Allocates nothing when found. Threads: any.
    Result<ModelTarget> resolve(std::string_view id) const;
    /// The same where a route is meant by nobody: for prices, limits, and budgets of models.
    Result<ModelTarget> resolve_model(std::string_view id) const;

    struct Listed {
        std::string_view id;
        std::string_view provider;  // of a route: "keywarden"
    };
    /// One id for each model (bare, where that means it; else `provider/model`), then the aliases,
    /// then the routes.
    std::vector<Listed> list() const;

    const std::vector<CatalogueProvider>& providers() const { return providers_; }
    std::span<const std::unique_ptr<const CatalogueRoute>> routes() const { return routes_; }

private:
    struct Entry {
        size_t provider;  // kIsRoute: `model` is a route
        size_t model;
    };
    struct Hash {
        using is_transparent = void;
        size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>()(text);
        }
    };

    bool find(std::string_view id, ModelTarget& target) const;
    Result<void> add_route(ModelRoute route_declared);
    static constexpr size_t kIsRoute = SIZE_MAX;  // in place of a provider

    std::vector<CatalogueProvider> providers_;
    std::vector<ModelAlias> aliases_;
    std::vector<std::unique_ptr<const CatalogueRoute>> routes_;
    std::unordered_map<std::string, Entry, Hash, std::equal_to<>> ids_;
    std::unordered_map<std::string, size_t, Hash, std::equal_to<>> provider_names_;
    std::vector<std::pair<std::string, size_t>> listed_;  // id and provider
    size_t takes_anything_ = SIZE_MAX;                    // the one provider, if it is one
};

}  // namespace keywarden
