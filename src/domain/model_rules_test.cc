#include "domain/model_rules.h"

#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

TEST(CheckModel, AListHoldsByEveryNameThatAModelGoesBy) {
    auto catalogue =
        Catalogue::open({{"openai", CatalogueProvider::Takes::Listed, {{"gpt-4o", "gpt-4o"}}}},
                        {{"best", "gpt-4o"}});
    ASSERT_TRUE(catalogue) << catalogue.error().message;
    const std::vector<std::string_view> names = {
        "gpt-4o", "openai/gpt-4o", "openai_gpt_4o", "best"};
    for (const std::string_view asked_for : names) {
        const auto target = catalogue->resolve(asked_for);
        ASSERT_TRUE(target) << asked_for;
        for (const std::string_view listed : names) {
            // An alias is what was asked for, and no name of the model.
            const bool fits = listed != "best" || asked_for == "best";
            const std::vector<Glob> list = {Glob::parse(listed).value()};
            const CompiledPolicy denies({.models = {.deny = list}});
            const CompiledPolicy allows({.models = {.allow = list}});
            const std::vector<PolicyLink> denied = {{Scope::Key, &denies}};
            const std::vector<PolicyLink> allowed = {{Scope::Key, &allows}};
            EXPECT_EQ(!check_model(denied, *catalogue, asked_for, *target), fits)
                << asked_for << " with " << listed << " denied";
            EXPECT_EQ(check_model(allowed, *catalogue, asked_for, *target).has_value(), fits)
                << asked_for << " with " << listed << " allowed";
        }
    }
}

}  // namespace
}  // namespace keywarden
