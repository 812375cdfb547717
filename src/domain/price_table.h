// The prices of an instant: the book, what the operator set over it, and which one holds for whom.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "domain/price.h"
#include "domain/price_book.h"

namespace keywarden {

/// A provider of the configuration. Its vendor is the one that has the host, else the name.
struct PricedProvider {
    std::string name;
    std::string host;  // of its base_url; empty: it has none
};

enum class PriceOrigin : uint8_t {
    Book,      // the vendor's list price
    Operator,  // set by the operator
};

/// A price and where it comes from. Lives as long as its table.
struct PricedModel {
    std::string_view model{};  // the name that it stands under: "gpt-4o", "ollama/*"
    Price price{};
    PriceOrigin origin = PriceOrigin::Book;
    std::string_view vendor{};  // of the book
    std::string_view note{};
};

/// The book by vendor and model. Immutable; shared by all tables.
class PriceBookIndex {
public:
    /// Requires: `book` outlives it.
    PriceBookIndex(const PriceBook& book, std::span<const PricedProvider> providers);
    PriceBookIndex(const PriceBookIndex&) = delete;
    PriceBookIndex& operator=(const PriceBookIndex&) = delete;

    const PriceBook& book() const { return book_; }
    /// The vendor of a provider; empty: none of the book's.
    std::string_view vendor_of(std::string_view provider) const;
    /// Null when there is none. Allocates nothing.
    const PricedModel* find(std::string_view vendor, std::string_view model) const;
    /// A model of that name at whatever vendor: null when several have it at different prices.
    const PricedModel* find_anywhere(std::string_view model) const;

    /// In the order of the book.
    std::span<const PricedModel> all() const { return models_; }

    struct Key {
        std::string_view scope{};  // a vendor, or a provider
        std::string_view model{};
        friend bool operator==(const Key&, const Key&) = default;
    };
    struct Hash {
        size_t operator()(const Key& key) const;
    };
    using Models = std::unordered_map<Key, const PricedModel*, Hash>;

private:
    const PriceBook& book_;
    std::vector<std::string> provider_names_;
    std::unordered_map<std::string_view, std::string_view> vendors_;  // by provider
    std::vector<PricedModel> models_;
    Models by_vendor_;
    std::unordered_map<std::string_view, const PricedModel*> anywhere_;
};

/// Immutable. Threads: any.
class PriceTable {
public:
    /// `version`: 0 is the book alone, n is after n changes by the operator. Of overrides, bounds
    /// (context_tokens_max, output_tokens_max) that are 0 are those of the book.
    PriceTable(std::shared_ptr<const PriceBookIndex> book,
               std::vector<ModelPrice> overrides,
               int64_t version);
    PriceTable(const PriceTable&) = delete;
    PriceTable& operator=(const PriceTable&) = delete;

    /// What holds for a model of a provider, as the provider calls it; null: it has no price. The
    /// first of these that there is, each for the id as it is, and then for what `plain_ids` makes
    /// of it: set for "provider/model"; set for the bare model; the book's of the provider's
    /// vendor. Then: set for "provider/*"; the book's "*" of the vendor; the book's of that model,
    /// where the provider is of no vendor, and all vendors that have it ask the same. Allocates
    /// nothing.
    const PricedModel* find(std::string_view provider, std::string_view model) const;

    /// The same for a model that the configuration calls `model`, and its provider
    /// `upstream_model`: what is set for the first comes before what holds for the second.
    const PricedModel* find(std::string_view provider,
                            std::string_view model,
                            std::string_view upstream_model) const;

    int64_t version() const { return version_; }
    const PriceBookIndex& book() const { return *book_; }
    /// What the operator set, by model.
    std::span<const ModelPrice> overrides() const { return overrides_; }

private:
    const PricedModel* find_override(std::string_view provider, std::string_view model) const;

    std::shared_ptr<const PriceBookIndex> book_;
    std::vector<ModelPrice> overrides_;
    std::vector<PricedModel> priced_;
    PriceBookIndex::Models by_name_;
    int64_t version_;
};

/// The names that a model may stand under, the most exact one first: its own; without what says
/// where ("us.", "models/", an ARN's beginning); without its date ("-2024-08-06", "-20250929").
class PlainIds {
public:
    explicit PlainIds(std::string_view model);
    const std::string_view* begin() const { return ids_; }
    const std::string_view* end() const { return ids_ + count_; }

private:
    void add(std::string_view id);

    static constexpr size_t kMax = 4;
    std::string_view ids_[kMax]{};
    size_t count_ = 0;
};

}  // namespace keywarden
