#include "domain/price_table.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <utility>

#include "domain/glob.h"

namespace keywarden {
namespace {

constexpr std::string_view kWhatever = "*";
// Where Amazon runs a model: "eu.anthropic.claude-…".
constexpr std::array<std::string_view, 7> kRegions = {
    "us.", "us-gov.", "eu.", "apac.", "jp.", "au.", "global."};

/// Calls `each` with every word of a list with spaces between them, until one is taken.
template <class Each>
bool any_word(std::string_view list, Each each) {
    while (!list.empty()) {
        const size_t end = std::min(list.find(' '), list.size());
        if (each(list.substr(0, end))) return true;
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return false;
}

bool is_of_host(const PriceVendor& vendor, std::string_view host) {
    return any_word(vendor.hosts, [host](std::string_view pattern) {
        const Result<Glob> glob = Glob::parse(pattern);
        return glob && glob->matches(host);
    });
}

bool is_called(const PriceVendor& vendor, std::string_view name) {
    return vendor.name == name ||
           any_word(vendor.names, [name](std::string_view other) { return other == name; });
}

std::string_view vendor_called(const PriceBook& book, std::string_view name) {
    for (const PriceVendor& vendor : book.vendors) {
        if (is_called(vendor, name)) return vendor.name;
    }
    return {};
}

bool fits(std::string_view text, std::string_view shape) {
    return text.size() == shape.size() && std::ranges::equal(text, shape, [](char c, char wanted) {
               return wanted == '0' ? c >= '0' && c <= '9' : c == wanted;
           });
}

/// "gpt-4o" of "gpt-4o-2024-08-06"; all of what has no date.
std::string_view undated(std::string_view id) {
    for (const std::string_view shape : {"-2000-00-00", "-20000000", "@20000000"}) {
        if (id.size() <= shape.size()) continue;
        if (fits(id.substr(id.size() - shape.size()), shape)) {
            return id.substr(0, id.size() - shape.size());
        }
    }
    return id;
}

/// "anthropic.claude-…" of "us.anthropic.claude-…".
std::string_view placeless(std::string_view id) {
    if (id.starts_with("arn:")) id.remove_prefix(id.rfind('/') + 1);
    if (id.starts_with("models/")) id.remove_prefix(id.find('/') + 1);
    for (const std::string_view region : kRegions) {
        if (id.starts_with(region)) return id.substr(region.size());
    }
    return id;
}

}  // namespace

// ---- the book ---------------------------------------------------------------------------------

size_t PriceBookIndex::Hash::operator()(const Key& key) const {
    const std::hash<std::string_view> hash;
    return hash(key.scope) * 31 + hash(key.model);
}

PriceBookIndex::PriceBookIndex(const PriceBook& book, std::span<const PricedProvider> providers)
    : book_(book) {
    provider_names_.reserve(providers.size());
    for (const PricedProvider& provider : providers) {
        const auto host_of = std::ranges::find_if(
            book.vendors, [&](const PriceVendor& v) { return is_of_host(v, provider.host); });
        provider_names_.push_back(provider.name);
        vendors_[provider_names_.back()] =
            host_of != book.vendors.end() ? host_of->name : vendor_called(book, provider.name);
    }
    models_.reserve(book.entries.size());
    for (const PriceBookEntry& entry : book.entries) {
        models_.push_back({.model = entry.model,
                           .price = entry.price,
                           .vendor = entry.vendor,
                           .note = entry.note});
        const PricedModel* const priced = &models_.back();
        by_vendor_.emplace(Key{entry.vendor, entry.model}, priced);
        if (entry.model == kWhatever) continue;
        const auto [there, is_first] = anywhere_.emplace(entry.model, priced);
        if (!is_first && there->second != nullptr && there->second->price != entry.price) {
            there->second = nullptr;
        }
    }
}

std::string_view PriceBookIndex::vendor_of(std::string_view provider) const {
    const auto known = vendors_.find(provider);
    return known != vendors_.end() ? known->second : vendor_called(book_, provider);
}

const PricedModel* PriceBookIndex::find(std::string_view vendor, std::string_view model) const {
    const auto found = by_vendor_.find({vendor, model});
    return found == by_vendor_.end() ? nullptr : found->second;
}

const PricedModel* PriceBookIndex::find_anywhere(std::string_view model) const {
    const auto found = anywhere_.find(model);
    return found == anywhere_.end() ? nullptr : found->second;
}

// ---- the names of a model ---------------------------------------------------------------------

PlainIds::PlainIds(std::string_view model) {
    add(model);
    add(placeless(model));
    add(undated(model));
    add(undated(placeless(model)));
}

void PlainIds::add(std::string_view id) {
    if (!id.empty() && std::find(begin(), end(), id) == end()) ids_[count_++] = id;
}

// ---- the table --------------------------------------------------------------------------------

namespace {

struct ProviderAndModel {
    std::string_view provider;
    std::string_view model;
};

/// "openai/gpt-4o"; nothing for a name without a slash.
std::optional<ProviderAndModel> split(std::string_view name) {
    const size_t slash = name.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    return ProviderAndModel{name.substr(0, slash), name.substr(slash + 1)};
}

/// What the book says of the model that an override is for.
const PricedModel* find_below(const PriceBookIndex& book, std::string_view name) {
    const auto parts = split(name);
    const std::string_view vendor = parts ? book.vendor_of(parts->provider) : std::string_view();
    for (const std::string_view id : PlainIds(parts ? parts->model : name)) {
        if (const PricedModel* const found = book.find(vendor, id)) return found;
    }
    return book.find_anywhere(name);
}

}  // namespace

PriceTable::PriceTable(std::shared_ptr<const PriceBookIndex> book,
                       std::vector<ModelPrice> overrides,
                       int64_t version)
    : book_(std::move(book)), overrides_(std::move(overrides)), version_(version) {
    std::ranges::sort(overrides_, {}, &ModelPrice::model);
    priced_.reserve(overrides_.size());
    by_name_.reserve(2 * overrides_.size());
    for (const ModelPrice& set : overrides_) {
        PricedModel priced{.model = set.model, .price = set.price, .origin = PriceOrigin::Operator};
        if (const PricedModel* const below = find_below(*book_, set.model)) {
            Price& price = priced.price;
            if (price.context_tokens_max == 0) {
                price.context_tokens_max = below->price.context_tokens_max;
            }
            if (price.output_tokens_max == 0) {
                price.output_tokens_max = below->price.output_tokens_max;
            }
        }
        priced_.push_back(priced);
        // A name with a slash may be a bare id, too: Groq has "openai/gpt-oss-120b".
        by_name_.emplace(PriceBookIndex::Key{.model = set.model}, &priced_.back());
        if (const auto parts = split(set.model)) {
            by_name_.emplace(PriceBookIndex::Key{parts->provider, parts->model}, &priced_.back());
        }
    }
}

const PricedModel* PriceTable::find_override(std::string_view provider,
                                             std::string_view model) const {
    const auto found = by_name_.find({provider, model});
    return found == by_name_.end() ? nullptr : found->second;
}

const PricedModel* PriceTable::find(std::string_view provider, std::string_view model) const {
    const std::string_view vendor = book_->vendor_of(provider);
    const PlainIds ids(model);
    for (const std::string_view id : ids) {
        if (!by_name_.empty()) {
            if (const auto* const set = find_override(provider, id)) return set;
            if (const auto* const set = find_override({}, id)) return set;
        }
        if (vendor.empty()) continue;
        if (const auto* const listed = book_->find(vendor, id)) return listed;
    }
    if (const auto* const set = find_override(provider, kWhatever)) return set;
    if (!vendor.empty()) return book_->find(vendor, kWhatever);
    for (const std::string_view id : ids) {
        if (const auto* const listed = book_->find_anywhere(id)) return listed;
    }
    return nullptr;
}

const PricedModel* PriceTable::find(std::string_view provider,
                                    std::string_view model,
                                    std::string_view upstream_model) const {
    if (model == upstream_model) return find(provider, model);
    if (const auto* const set = find_override(provider, model)) return set;
    if (const auto* const set = find_override({}, model)) return set;
    return find(provider, upstream_model);
}

}  // namespace keywarden
