#include "store/price_directory.h"

#include <algorithm>
#include <utility>

namespace keywarden {
namespace {

Result<void> check_name(std::string_view model) {
    const auto is_visible = [](char c) { return c > ' ' && c < '\x7f'; };
    if (model.empty() || model.size() > kPricedModelBytesMax ||
        !std::ranges::all_of(model, is_visible)) {
        return fail(Error{.code = ErrorCode::InvalidRequest,
                          .message = "A model's name is 1 to 256 visible ASCII characters.",
                          .param = "model"});
    }
    return {};
}

}  // namespace

PriceDirectory::PriceDirectory(UsageStore& store,
                               const PriceBook& book,
                               std::span<const PricedProvider> providers,
                               const Price& estimate)
    : store_(store), book_(std::make_shared<PriceBookIndex>(book, providers)), estimate_(estimate) {
    publish({}, 0);
}

Result<void> PriceDirectory::load() {
    const std::lock_guard changing(changing_);
    TRY(auto known, store_.get_prices());
    publish(std::move(known.prices), known.version);
    return {};
}

std::shared_ptr<const PriceTable> PriceDirectory::table() const {
    const std::lock_guard held(lock_);
    return table_;
}

Result<std::shared_ptr<const PriceTable>> PriceDirectory::put(const std::string& model,
                                                              const std::optional<Price>& price,
                                                              const AuditEntry& audit) {
    TRY_VOID(check_name(model));
    if (price) TRY_VOID(check_price(*price));
    const std::lock_guard changing(changing_);
    const auto before = table();
    std::vector<ModelPrice> overrides(before->overrides().begin(), before->overrides().end());
    const auto known = std::ranges::find(overrides, model, &ModelPrice::model);
    TRY(const int64_t version, store_.put_price(model, price, audit));
    if (known != overrides.end()) overrides.erase(known);
    if (price) overrides.push_back({.model = model, .price = *price});
    publish(std::move(overrides), version);
    return table();
}

void PriceDirectory::publish(std::vector<ModelPrice> overrides, int64_t version) {
    auto table = std::make_shared<const PriceTable>(book_, std::move(overrides), version);
    const std::lock_guard held(lock_);
    table_.swap(table);  // the one before is let go after the lock
}

}  // namespace keywarden
