#include "domain/catalogue.h"

#include <algorithm>
#include <numeric>
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

/// What is wrong with such a route; empty: nothing.
std::string complaint(ModelRoute route, std::vector<ModelAlias> aliases = {}) {
    const auto catalogue =
        Catalogue::open(example_providers(), std::move(aliases), {std::move(route)});
    return catalogue ? "" : catalogue.error().message;
}

TEST(Catalogue, ARouteIsAnIdOfItsOwnThatKnowsWhereItGoes) {
    auto opened =
        Catalogue::open(example_providers(),
                        {},
                        {{.id = "house",
                          .strategy = RouteStrategy::Weighted,
                          .targets = {{"fast", 3}, {"groq/brand/new"}, {"near_qwen3_30b", 2}}}});
    ASSERT_TRUE(opened) << opened.error().message;
    const Catalogue catalogue = *std::move(opened);
    EXPECT_EQ(meaning(catalogue, "house"), "openai: fast -> gpt-4o-mini-2024-07-18");
    const CatalogueRoute* const route = catalogue.resolve("house")->route;
    ASSERT_NE(route, nullptr);
    ASSERT_EQ(route->targets.size(), 3U);
    EXPECT_EQ(route->targets[1].id, "brand/new");
    EXPECT_TRUE(route->targets[1].is_listed) << "it needs no copy";
    EXPECT_EQ(route->targets[2].upstream_id, "Qwen/Qwen3-30B");
    EXPECT_EQ(catalogue.list().back().id, "house");
    EXPECT_EQ(catalogue.list().back().provider, kOwnedByUs);
    EXPECT_EQ(catalogue.resolve("fast")->route, nullptr);
    EXPECT_EQ(catalogue.resolve_model("house").error().message,
              "'house' is a route: name one of the models that it goes to.");
    EXPECT_TRUE(catalogue.resolve_model("fast"));
}

/// Which target begins, call by call: "0", "1", …
std::string beginnings(std::vector<int64_t> weights, int calls) {
    CatalogueRoute route{.declared = {.id = "house", .strategy = RouteStrategy::Weighted}};
    for (const int64_t weight : weights) route.declared.targets.push_back({"m", weight});
    std::string out;
    for (int i = 0; i < calls; ++i) {
        out += std::to_string(route.first_of(static_cast<uint64_t>(i)));
    }
    return out;
}

TEST(Catalogue, OfAWeightedRouteEachTargetBeginsAsOftenAsItsWeightSays) {
    for (const std::vector<int64_t>& weights :
         {std::vector<int64_t>{1}, {1, 1}, {3, 1}, {5, 2, 4}, {70, 30}, {1, 999}}) {
        const auto all = static_cast<int>(std::accumulate(weights.begin(), weights.end(), 0L));
        const std::string began = beginnings(weights, 2 * all);
        for (size_t i = 0; i < weights.size(); ++i) {
            EXPECT_EQ(std::ranges::count(began, static_cast<char>('0' + i)), 2 * weights[i]);
        }
    }
}

TEST(Catalogue, AWeightedRouteDoesNotGoToOneForLong) {
    const std::string halves = beginnings({1'000'000, 1'000'000}, 1'000);
    EXPECT_EQ(halves.find("000"), halves.npos);
    EXPECT_EQ(halves.find("111"), halves.npos);
    EXPECT_EQ(beginnings({70, 30}, 100).find("11"), std::string::npos);
}

TEST(Catalogue, ARouteNeverStandsInForADirectId) {
    EXPECT_EQ(complaint({.id = "house", .targets = {{"fast"}}}), "");
    for (const char* id : {"gpt-4o", "near_qwen3_30b", "near/gpt-4o", "best"}) {
        EXPECT_NE(complaint({.id = id, .targets = {{"fast"}}}, {{"best", "fast"}}), "") << id;
    }
    for (const char* id : {"openai/best", "groq/anything", "groq", "", "with space"}) {
        EXPECT_NE(complaint({.id = id, .targets = {{"fast"}}}), "") << id;
    }
    EXPECT_EQ(complaint({.id = "ours/best", .targets = {{"fast"}}}), "");
}

TEST(Catalogue, ARoutesTargetsAreModelsEachOnce) {
    EXPECT_NE(complaint({.id = "house"}), "");
    EXPECT_EQ(complaint({.id = "house", .targets = {{"no-such"}}}),
              "The route 'house' goes to 'no-such', which is no provider's model.");
    EXPECT_NE(complaint({.id = "house", .targets = {{"house"}}}), "");
    EXPECT_NE(complaint({.id = "house", .targets = {{"best"}}}, {{"best", "fast"}}), "");
    EXPECT_NE(complaint({.id = "house", .targets = {{"fast"}, {"openai/fast"}}}), "");
    EXPECT_NE(complaint({.id = "house", .targets = {{"fast", 0}}}), "");
    EXPECT_NE(complaint({.id = "house", .targets = {{"fast", kRouteWeightMax + 1}}}), "");
    std::vector<ModelRoute::Target> many;
    for (size_t i = 0; i <= kRouteTargetsMax; ++i) many.push_back({"groq/" + std::to_string(i)});
    EXPECT_NE(complaint({.id = "house", .targets = many}), "");
    many.pop_back();
    EXPECT_EQ(complaint({.id = "house", .targets = many}), "");
    EXPECT_FALSE(Catalogue::open(
        example_providers(),
        {},
        {{.id = "one", .targets = {{"fast"}}}, {.id = "two", .targets = {{"one"}}}}));
}

}  // namespace
}  // namespace keywarden
