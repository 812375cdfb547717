// The model catalogue: which provider and which upstream model an id means.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <fmt/format.h>
#include <functional>
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

/// What an id means. The views live as long as the catalogue and the id that was asked for.
struct ModelTarget {
    size_t provider = 0;             // index in the catalogue's providers
    std::string_view id{};           // the model's id at its provider's, without any prefix
    std::string_view upstream_id{};  // what goes into the body
    bool is_listed = false;          // if not, both are parts of the id that was asked for
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
    /// that is a model's id, or one whose target is unknown.
    static Result<Catalogue> open(std::vector<CatalogueProvider> providers,
                                  std::vector<ModelAlias> aliases);

    /// Errors: ModelNotFound, naming the nearest id. Allocates nothing when found. Threads: any.
    Result<ModelTarget> resolve(std::string_view id) const;

    struct Listed {
        std::string_view id;
        std::string_view provider;
    };
    /// One id for each model (bare, where that means it; else `provider/model`), then the aliases.
    std::vector<Listed> list() const;

    const std::vector<CatalogueProvider>& providers() const { return providers_; }

private:
    struct Entry {
        size_t provider;
        size_t model;
    };
    struct Hash {
        using is_transparent = void;
        size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>()(text);
        }
    };

    bool find(std::string_view id, ModelTarget& target) const;

    std::vector<CatalogueProvider> providers_;
    std::vector<ModelAlias> aliases_;
    std::unordered_map<std::string, Entry, Hash, std::equal_to<>> ids_;
    std::unordered_map<std::string, size_t, Hash, std::equal_to<>> provider_names_;
    std::vector<std::pair<std::string, size_t>> listed_;  // id and provider
    size_t takes_anything_ = SIZE_MAX;                    // the one provider, if it is one
};

}  // namespace keywarden
