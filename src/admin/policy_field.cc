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
    Result<void> taken = patch_policy(policy, dump(value));
    if (!taken && !taken.error().param.empty()) {
        taken.error().param = under(field, taken.error().param);
    }
    return taken;
}

Result<void> read_limits(std::string_view field, const Json& value, Limits& limits) {
    if (value.is_null()) {
        limits = {};
        return {};
    }
    if (!value.is_object()) return fail_field(field, "must be an object, or null");
    Result<void> taken = patch_limits(limits, dump(value));
    if (!taken && !taken.error().param.empty()) {
        // A burst without its rate is told as a policy's.
        std::string_view name = taken.error().param;
        if (name.starts_with("limits.")) name.remove_prefix(7);
        taken.error().param = under(field, name);
    }
    return taken;
}

Json limits_record(const Limits& limits) { return Json::parse(limits_json(limits)); }

Json policy_record(const Policy& policy) { return Json::parse(policy_json(policy)); }

}  // namespace keywarden
