// The changes that a policy file asks for, as people read them.
#pragma once

#include <cstddef>
#include <string>

#include <nlohmann/json.hpp>

namespace keywarden {

/// How many changes of a plan make, alter, and end something.
struct PlanCounts {
    size_t made = 0;
    size_t altered = 0;
    size_t ended = 0;
    size_t keys_made = 0;

    size_t all() const { return made + altered + ended; }
};
PlanCounts counts_of(const nlohmann::ordered_json& plan);

/// One block a change, with a sign, and what was and will be of each field; then how many they are.
std::string plan_text(const nlohmann::ordered_json& plan, bool color);

}  // namespace keywarden
