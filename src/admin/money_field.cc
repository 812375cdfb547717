#include "admin/money_field.h"

#include <string>
#include <utility>

#include "base/money.h"

namespace keywarden {

Json money(NanoUsd amount) { return format_usd(amount); }

Result<NanoUsd> read_money(std::string_view field, const Json& value) {
    if (!value.is_string()) {
        return fail_field(field, "must be a decimal string of dollars such as \"12.50\"");
    }
    auto amount = parse_usd(value.get_ref<const std::string&>());
    if (amount) return amount;
    Error error = std::move(amount).error();
    error.param = field;
    error.message = "'" + std::string(field) + "': " + error.message;
    return fail(std::move(error));
}

Result<void> in_words_of_bodies(Result<void> checked) {
    if (checked) return checked;
    std::string& field = checked.error().param;
    if (field != "amount" && field != "credit_limit") return checked;
    std::string& message = checked.error().message;
    const std::string quoted = "'" + field + "'";
    field += "_usd";
    if (const size_t at = message.find(quoted); at != std::string::npos) {
        message.replace(at, quoted.size(), "'" + field + "'");
    }
    return checked;
}

}  // namespace keywarden
