#include "domain/selection_policy.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "domain/compiled_policy.h"

namespace keywarden {
namespace {

using enum SelectionMode;

class Chain {
public:
    Chain& with(Scope scope, SelectionPolicy selection) {
        Policy policy;
        policy.tool_selection = std::move(selection);
        policies_.push_back(std::make_shared<const CompiledPolicy>(std::move(policy)));
        links_.push_back({scope, policies_.back().get()});
        return *this;
    }
    EffectiveSelection effective() const { return effective_selection(links_); }
    std::span<const PolicyLink> links() const { return links_; }

private:
    std::vector<std::shared_ptr<const CompiledPolicy>> policies_;
    std::vector<PolicyLink> links_;
};

TEST(SelectionPolicy, IsOffWhereNobodySaysAnything) {
    EXPECT_FALSE(says_selection({}));
    EXPECT_EQ(effective_selection({}).mode, Off);
    EXPECT_FALSE(effective_selection({}).source);
    EXPECT_FALSE(says_selection(Chain().with(Scope::Team, {}).links()));
    EXPECT_TRUE(says_selection(Chain().with(Scope::Team, {.keep_max = 5}).links()));
}

TEST(SelectionPolicy, TheNearestScopeThatSaysAModeHasItsWay) {
    Chain chain;
    chain.with(Scope::Plan, {.mode = On}).with(Scope::Team, {.mode = Shadow});
    EXPECT_EQ(chain.effective().mode, Shadow);
    EXPECT_EQ(chain.effective().source, Scope::Team);
    chain.with(Scope::App, {.keep_max = 3}).with(Scope::Key, {.mode = On});
    EXPECT_EQ(chain.effective().mode, On);
    EXPECT_EQ(chain.effective().source, Scope::Key);
}

TEST(SelectionPolicy, NobodyGoesBeyondWhatAWiderScopeAllows) {
    Chain chain;
    chain.with(Scope::Plan, {.at_most = Shadow}).with(Scope::Key, {.mode = On});
    EXPECT_EQ(chain.effective().mode, Shadow);
    EXPECT_EQ(chain.effective().held_by, Scope::Plan);
    chain.with(Scope::Key, {.at_most = Off});
    EXPECT_EQ(chain.effective().mode, Off);
}

TEST(SelectionPolicy, WhoMadeAKeyOnlyNarrows) {
    Chain chain;
    chain.with(Scope::Team, {.mode = On}).with(Scope::Creator, {.mode = Off, .keep_max = 4});
    EXPECT_EQ(chain.effective().mode, On) << "their mode is not the key's";
    EXPECT_EQ(chain.effective().keep_max, 4);
    EXPECT_EQ(Chain()
                  .with(Scope::Creator, {.at_most = Off})
                  .with(Scope::Key, {.mode = On})
                  .effective()
                  .mode,
              Off);
}

TEST(SelectionPolicy, TheSmallestNumberHolds) {
    Chain chain;
    chain.with(Scope::Team, {.keep_max = 12}).with(Scope::Key, {.keep_max = 40});
    EXPECT_EQ(chain.effective().keep_max, 12);
}

TEST(SelectionPolicy, AutoLiesBetweenTheShadowAndOn) {
    const auto held = [](SelectionMode mode, SelectionMode at_most) {
        Chain chain;
        chain.with(Scope::Team, {.at_most = at_most}).with(Scope::Key, {.mode = mode});
        return chain.effective().mode;
    };
    EXPECT_EQ(held(Auto, Shadow), Shadow);
    EXPECT_EQ(held(Auto, Auto), Auto);
    EXPECT_EQ(held(Auto, On), Auto);
    EXPECT_EQ(held(On, Auto), Auto);
    EXPECT_EQ(held(Shadow, Auto), Shadow);
}

TEST(SelectionPolicy, TheStrictestTargetHolds) {
    EXPECT_EQ(Chain().effective().target_percent, 97);
    Chain chain;
    chain.with(Scope::Key, {.target_percent = 90});
    EXPECT_EQ(chain.effective().target_percent, 90);
    chain.with(Scope::Key, {.target_percent = 80});
    EXPECT_EQ(chain.effective().target_percent, 90);
}

TEST(SelectionPolicy, TheNearestCachePolicyHoldsAndNotItsMakers) {
    EXPECT_EQ(Chain().effective().cache_policy, CachePolicy::Auto);
    Chain chain;
    chain.with(Scope::Team, {.cache_policy = CachePolicy::Leave})
        .with(Scope::Key, {.cache_policy = CachePolicy::Mask})
        .with(Scope::Creator, {.cache_policy = CachePolicy::Select});
    EXPECT_EQ(chain.effective().cache_policy, CachePolicy::Mask);
}

TEST(SelectionPolicy, PrivateModelsAreATeamsOrAWiderScopesToPermit) {
    const SelectionPolicy yes{.private_models = true};
    const SelectionPolicy no{.private_models = false};
    EXPECT_FALSE(Chain().effective().private_models);
    EXPECT_FALSE(Chain().with(Scope::Key, yes).effective().private_models);
    EXPECT_FALSE(Chain().with(Scope::App, yes).effective().private_models);
    EXPECT_TRUE(Chain().with(Scope::Plan, yes).effective().private_models);
    EXPECT_TRUE(Chain().with(Scope::Team, yes).with(Scope::Key, yes).effective().private_models);
    EXPECT_FALSE(Chain().with(Scope::Team, yes).with(Scope::Key, no).effective().private_models);
    EXPECT_FALSE(Chain().with(Scope::Plan, no).with(Scope::Team, yes).effective().private_models);
}

TEST(SelectionPolicy, PinnedToolsOfAllScopesHold) {
    Chain chain;
    chain.with(Scope::Team, {.pinned = {"a", "b"}}).with(Scope::Key, {.pinned = {"b", "c"}});
    EXPECT_EQ(pinned_tools(chain.links()), (std::vector<std::string_view>{"a", "b", "c"}));
}

TEST(SelectionPolicy, NamesAreReadAsTheyAreWritten) {
    for (const SelectionMode mode : {Off, Shadow, On, Auto}) {
        EXPECT_EQ(selection_mode_of(name(mode)), mode);
    }
    EXPECT_FALSE(selection_mode_of("ON"));
    EXPECT_FALSE(selection_mode_of(""));
}

}  // namespace
}  // namespace keywarden
