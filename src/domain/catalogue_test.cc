#include "domain/catalogue.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

using Takes = CatalogueProvider::Takes;

std::vector<CatalogueProvider> example_providers() {
    return {
        {"openai", Takes::Listed, {{"gpt-4o", "gpt-4o"}, {"fast", "gpt-4o-mini-2024-07-18"}}},
        {"groq", Takes::Prefixed, {{"llama-3.3-70b-versatile", "llama-3.3-70b-versatile"}}},
        {"near", Takes::Listed, {{"qwen3-30B", "Qwen/Qwen3-30B"}, {"gpt-4o", "gpt-4o"}}},
        {"hub", Takes::Listed, {{"meta-llama/Llama-3", "meta-llama/Llama-3"}}},
    };
}

Catalogue example(std::vector<ModelAlias> aliases = {{"best", "groq/llama-3.3-70b-versatile"}}) {
    auto catalogue = Catalogue::open(example_providers(), std::move(aliases));
    EXPECT_TRUE(catalogue) << catalogue.error().message;
    return *std::move(catalogue);
}

/// "provider: id -> upstream id", or the message.
std::string meaning(const Catalogue& catalogue, std::string_view id) {
    const auto target = catalogue.resolve(id);
    if (!target) return target.error().message;
    return catalogue.providers()[target->provider].name + ": " + std::string(target->id) + " -> " +
           std::string(target->upstream_id);
}

TEST(Catalogue, FindsAModelByEveryFormOfItsId) {
    const Catalogue catalogue = example();
    EXPECT_EQ(meaning(catalogue, "fast"), "openai: fast -> gpt-4o-mini-2024-07-18");
    EXPECT_EQ(meaning(catalogue, "openai/fast"), "openai: fast -> gpt-4o-mini-2024-07-18");
    EXPECT_EQ(meaning(catalogue, "near_qwen3_30b"), "near: qwen3-30B -> Qwen/Qwen3-30B");
    EXPECT_EQ(meaning(catalogue, "near/qwen3-30B"), "near: qwen3-30B -> Qwen/Qwen3-30B");
    EXPECT_EQ(meaning(catalogue, "meta-llama/Llama-3"),
              "hub: meta-llama/Llama-3 -> meta-llama/Llama-3");
    EXPECT_EQ(meaning(catalogue, "hub/meta-llama/Llama-3"),
              "hub: meta-llama/Llama-3 -> meta-llama/Llama-3");
}

TEST(Catalogue, ABareIdMeansTheFirstProviderThatListsIt) {
    const Catalogue catalogue = example();
    EXPECT_EQ(meaning(catalogue, "gpt-4o"), "openai: gpt-4o -> gpt-4o");
    EXPECT_EQ(meaning(catalogue, "near/gpt-4o"), "near: gpt-4o -> gpt-4o");
}

TEST(Catalogue, AProviderWithoutAListTakesAnythingUnderItsName) {
    const Catalogue catalogue = example();
    EXPECT_EQ(meaning(catalogue, "groq/brand/new"), "groq: brand/new -> brand/new");
    EXPECT_EQ(meaning(catalogue, "openai/o9"),
              "The model 'openai/o9' does not exist, or you may not use it.");
    EXPECT_EQ(meaning(catalogue, "groq/"),
              "The model 'groq/' does not exist, or you may not use it. "
              "Did you mean 'groq/llama-3.3-70b-versatile'?");
}

TEST(Catalogue, OnlyTheOneProviderThatTakesAnythingGetsBareIds) {
    std::vector<CatalogueProvider> providers = example_providers();
    providers.push_back({"any", Takes::Anything});
    EXPECT_EQ(meaning(*Catalogue::open(providers, {}), "o9"), "any: o9 -> o9");
    EXPECT_EQ(meaning(*Catalogue::open(providers, {}), "x/o9"), "any: x/o9 -> x/o9");
    providers.push_back({"other", Takes::Anything});
    EXPECT_FALSE(Catalogue::open(providers, {})->resolve("o9"));
    EXPECT_EQ(meaning(*Catalogue::open(providers, {}), "other/o9"), "other: o9 -> o9");
}

TEST(Catalogue, OnlyADeclaredAliasBecomesAnotherModel) {
    const Catalogue catalogue = example();
    EXPECT_EQ(meaning(catalogue, "best"),
              "groq: llama-3.3-70b-versatile -> llama-3.3-70b-versatile");
    const auto error_of = [](std::vector<ModelAlias> aliases) {
        const auto opened = Catalogue::open(example_providers(), std::move(aliases));
        return opened ? "" : opened.error().message;
    };
    EXPECT_EQ(error_of({{"gpt-4o", "near/gpt-4o"}}),
              "The alias 'gpt-4o' is already the id of a model.");
    EXPECT_EQ(error_of({{"a", "b"}}), "The alias 'a' stands for 'b', which no provider has.");
    EXPECT_EQ(error_of({{"a", "gpt-4o"}, {"b", "a"}}),
              "The alias 'b' stands for 'a', which no provider has.");
    EXPECT_EQ(error_of({{"a", "gpt-4o"}, {"a", "fast"}}), "Two aliases are called 'a'.");
}

TEST(Catalogue, RefusesNamesThatMeanTwoThings) {
    const auto error_of = [](std::vector<CatalogueProvider> providers) {
        const auto opened = Catalogue::open(std::move(providers), {});
        return opened ? "" : opened.error().message;
    };
    EXPECT_EQ(error_of({{"a"}, {"a"}}), "Two providers are called 'a'.");
    EXPECT_EQ(error_of({{"a", Takes::Listed, {{"m", "1"}, {"m", "2"}}}}),
              "The model 'a/m' is there twice.");
}

TEST(Catalogue, NamesTheNearestModel) {
    const auto result = example().resolve("gpt-40");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::ModelNotFound);
    EXPECT_EQ(result.error().param, "model");
    EXPECT_EQ(result.error().message,
              "The model 'gpt-40' does not exist, or you may not use it. Did you mean 'gpt-4o'?");
}

TEST(Catalogue, ListsEachModelOnceAndTheAliases) {
    const Catalogue catalogue = example();
    std::vector<std::string> ids;
    for (const auto& [id, provider] : catalogue.list()) {
        ids.push_back(std::string(id) + " of " + std::string(provider));
        EXPECT_TRUE(catalogue.resolve(id)) << id;
    }
    const std::vector<std::string> wanted = {"gpt-4o of openai",
                                             "fast of openai",
                                             "llama-3.3-70b-versatile of groq",
                                             "qwen3-30B of near",
                                             "near/gpt-4o of near",
                                             "meta-llama/Llama-3 of hub",
                                             "best of groq"};
    EXPECT_EQ(ids, wanted);
}

}  // namespace
}  // namespace keywarden
