#include "admin/policy_field.h"

#include <string>
#include <utility>

#include "store/policy_json.h"

namespace keywarden {
namespace {

std::string under(std::string_view field, std::string_view name) {
    return field.empty() ? std::string(name) : std::string(field) + "." + std::string(name);
}

}  // namespace

Result<void> read_policy(std::string_view field, const Json& value, Policy& policy) {
    if (value.is_null()) {
        policy = {};
        return {};
    }
    if (!value.is_object()) return fail_field(field, "must be an object, or null");
    // Tools are a key's: no call looks at a list of them elsewhere.
    const std::string_view tools = info(PolicyRule::Tools).field;
    if (value.contains(tools)) {
        return fail_field(under(field, tools), "is set for each key, by its 'toollist'");
    }
    Result<void> taken = patch_policy(policy, dump(value));
    if (!taken && !taken.error().param.empty()) {
        taken.error().param = under(field, taken.error().param);
    }
    return taken;
}

Json policy_record(const Policy& policy) { return Json::parse(policy_json(policy)); }

}  // namespace keywarden
