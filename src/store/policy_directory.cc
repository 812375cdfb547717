#include "store/policy_directory.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace keywarden {
namespace {

struct PlanNode;
struct TeamNode;

/// One scope, ready for calls. Never altered; freed when no reading can see it any more.
struct ScopeView {
    std::shared_ptr<const CompiledPolicy> policy{};  // null: it says nothing
    SourcedLimits limits{};                          // counted with this scope
    // Of a team: what a key has that names nothing itself.
    SourcedLimits key_limits{};
    TeamState state = TeamState::Active;
    const PlanNode* plan = nullptr;
};

using ViewSlot = std::atomic<const ScopeView*>;

std::unique_ptr<ScopeView> view_of(const Policy& policy) {
    auto view = std::make_unique<ScopeView>();
    if (policy != Policy()) view->policy = std::make_shared<const CompiledPolicy>(policy);
    return view;
}

// Nodes stay where they are for as long as the directory lives. Calls see what is atomic, and ids.

struct PlanNode {
    ViewSlot view{nullptr};
    PlanRules rules{.id = {}, .version = 0};
    std::vector<TeamNode*> teams{};
};

struct TeamNode {
    std::string id{};
    ViewSlot view{nullptr};
    CounterSlot counter{nullptr};
    TeamRules rules{.id = {}, .version = 0};
    PlanNode* plan = nullptr;
};

struct AppNode {
    std::string id{};
    ViewSlot view{nullptr};
    CounterSlot counter{nullptr};
    int64_t version = 0;
};

struct ModelNode {
    std::string id{};
    ViewSlot view{nullptr};
    CounterSlot counter{nullptr};
    int64_t version = 0;
};

constexpr uint8_t kLeft = static_cast<uint8_t>(Role::kCount);

struct MemberNode {
    std::atomic<uint8_t> role{kLeft};
};

struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

template <class T>
using ByText = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

constexpr char kProviderEnd = '/';

/// "provider/model", whether it is one text or two.
struct ModelHash {
    using is_transparent = void;
    // FNV-1a: it can go on where it ended.
    static size_t add(size_t hash, std::string_view text) {
        for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
        return hash;
    }
    size_t operator()(std::string_view text) const { return add(0xcbf29ce484222325U, text); }
    size_t operator()(const ModelName& name) const {
        return add(add((*this)(name.provider), {&kProviderEnd, 1}), name.model);
    }
};

struct ModelEqual {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const { return a == b; }
    bool operator()(const ModelName& name, std::string_view text) const {
        const size_t at = name.provider.size();
        return text.size() == at + 1 + name.model.size() && text.starts_with(name.provider) &&
               text[at] == kProviderEnd && text.ends_with(name.model);
    }
    bool operator()(std::string_view text, const ModelName& name) const {
        return (*this)(name, text);
    }
};

/// The node of that name; made where there is none.
template <class Node>
Node& intern(ByText<Node>& nodes, std::string_view name) {
    const auto known = nodes.find(name);
    return known != nodes.end() ? known->second
                                : nodes.try_emplace(std::string(name)).first->second;
}

}  // namespace

/// Whoever has taken pointers out of use waits until each reader of that moment has gone, and for
/// none that came later: a reader announces itself before it looks, and so sees the new ones.
class alignas(64) ReadingPlace {
public:
    void enter() {
        // Sequentially consistent, as are the pointers: one of both sees the other.
        while (taken_.exchange(true)) std::this_thread::yield();  // another thread's place as well
    }
    void leave() {
        left_.store(left_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
        taken_.store(false, std::memory_order_release);
    }
    void wait_for_reader() const {
        if (!taken_.load()) return;
        const uint64_t before = left_.load(std::memory_order_acquire);
        while (taken_.load(std::memory_order_acquire) &&
               left_.load(std::memory_order_acquire) == before) {
            std::this_thread::yield();
        }
    }

private:
    std::atomic<bool> taken_{false};
    std::atomic<uint64_t> left_{0};  // readers, so far
};

struct KeyNode {
    std::string_view id;
    ViewSlot view{nullptr};
    std::atomic<const KeyPlace*> place{nullptr};
};

struct KeyPlace {
    TeamNode* team = nullptr;
    AppNode* app = nullptr;              // null: none
    KeyNode* maker = nullptr;            // null: none
    const MemberNode* member = nullptr;  // null: an owner's
    std::string user_id{};
};

class PolicyDirectory::Impl {
public:
    /// Replaced as a whole when a model is new.
    using Models = std::unordered_map<std::string, ModelNode*, ModelHash, ModelEqual>;

    Impl() { models_.store(new Models()); }
    ~Impl() {
        delete models_.load();
        delete instance_view_.load();
        for (auto& [id, node] : plans_) delete node.view.load();
        for (auto& [id, node] : teams_) delete node.view.load();
        for (auto& [id, node] : apps_) delete node.view.load();
        for (auto& [id, node] : keys_) delete node.view.load();
        for (auto& [id, node] : model_nodes_) delete node.view.load();
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void put(const InstanceRules& rules) {
        const std::lock_guard lock(writers_);
        if (rules.version < instance_.version) return;
        instance_ = rules;
        std::unique_ptr<ScopeView> view = view_of(rules.policy);
        view->limits.narrow(Scope::Instance, rules.policy.limits);
        swap(instance_view_, std::move(view));
        for (auto& [id, team] : teams_) make_view(team);
        free_replaced();
    }

    void put(const PlanRules& rules) {
        const std::lock_guard lock(writers_);
        PlanNode& plan = intern(plans_, rules.id);
        if (rules.version < plan.rules.version) return;
        plan.rules = rules;
        swap(plan.view, view_of(rules.policy));
        for (TeamNode* team : plan.teams) make_view(*team);
        free_replaced();
    }

    void put(const TeamRules& rules) {
        const std::lock_guard lock(writers_);
        TeamNode& team = this->team(rules.id);
        if (rules.version < team.rules.version) return;
        team.rules = rules;
        if (team.plan != nullptr) std::erase(team.plan->teams, &team);
        team.plan = rules.plan_id.empty() ? nullptr : &intern(plans_, rules.plan_id);
        if (team.plan != nullptr) team.plan->teams.push_back(&team);
        make_view(team);
        free_replaced();
        if (plan_watch_) plan_watch_(rules.id, rules.plan_id);
    }

    void watch_plans(std::function<void(std::string_view, std::string_view)> each) {
        const std::lock_guard lock(writers_);
        plan_watch_ = std::move(each);
        if (!plan_watch_) return;
        for (const auto& [id, team] : teams_) plan_watch_(id, team.rules.plan_id);
    }

    void put(const AppRules& rules) {
        const std::lock_guard lock(writers_);
        AppNode& app = this->app(rules.id);
        if (rules.version < app.version) return;
        app.version = rules.version;
        std::unique_ptr<ScopeView> view = view_of(rules.policy);
        view->limits.narrow(Scope::App, rules.policy.limits);
        swap(app.view, std::move(view));
        free_replaced();
    }

    void put(const ModelRules& rules) {
        const std::lock_guard lock(writers_);
        const bool is_new = !model_nodes_.contains(rules.id);
        ModelNode& model = intern(model_nodes_, rules.id);
        if (rules.version < model.version) return;
        if (is_new) model.id = rules.id;
        model.version = rules.version;
        auto view = std::make_unique<ScopeView>();
        view->limits.narrow(Scope::Model, rules.limits);
        swap(model.view, std::move(view));
        if (is_new) {
            auto models = std::make_unique<Models>(*models_.load());
            models->emplace(rules.id, &model);
            replaced_models_.emplace_back(models_.exchange(models.release()));
        }
        free_replaced();
    }

    void put(const MemberRole& member) {
        const std::lock_guard lock(writers_);
        MemberNode& node = this->member(member.team_id, member.user_id);
        node.role.store(member.role ? static_cast<uint8_t>(*member.role) : kLeft);
    }

    SourcedLimits key_defaults(std::string_view team_id) {
        const std::lock_guard lock(writers_);
        return team(team_id).view.load()->key_limits;
    }

    const KeyPlace* place(const KeyOrigin& origin) {
        const std::lock_guard lock(writers_);
        return &place_of(origin);
    }

    const KeyNode* put_key(std::string_view id,
                           const KeyPlace& place,
                           const Policy* policy,
                           int64_t requests_per_minute) {
        const std::lock_guard lock(writers_);
        const bool says_more = policy != nullptr && *policy != Policy();
        const auto known = keys_.find(id);
        if (!says_more && known == keys_.end()) return nullptr;
        KeyNode& node = known != keys_.end() ? known->second : key_node(id);
        if (node.place.exchange(&place) == nullptr && known != keys_.end()) --waiting_;
        Policy own = says_more ? *policy : Policy();
        std::optional<int64_t>& rpm = own.limits[LimitKind::RequestsPerMinute];
        if (requests_per_minute > 0) rpm = std::min(rpm.value_or(kNoLimit), requests_per_minute);
        std::unique_ptr<ScopeView> view = view_of(own);
        view->limits.narrow(Scope::Key, own.limits);
        swap(node.view, std::move(view));
        free_replaced();
        return &node;
    }

    std::optional<std::string_view> find_team(std::string_view id) {
        const std::lock_guard lock(writers_);
        const auto known = teams_.find(id);
        if (known == teams_.end()) return std::nullopt;
        return known->second.id;
    }

    const KeyPlace* find_member(std::string_view team_id, std::string_view user_id) {
        const std::lock_guard lock(writers_);
        const auto known = members_.find(member_name(team_id, user_id));
        if (known == members_.end() || known->second.role.load() == kLeft) return nullptr;
        return &place_of({.team_id = team_id, .user_id = user_id});
    }

    bool waits_for(std::string_view id) {
        const std::lock_guard lock(writers_);
        const auto known = keys_.find(id);
        return known != keys_.end() && known->second.place.load() == nullptr;
    }

    bool waits_for_any() {
        const std::lock_guard lock(writers_);
        return waiting_ > 0;
    }

    ReadingPlace& reading_place() {
        static std::atomic<size_t> threads{0};
        static thread_local const size_t kMine = threads.fetch_add(1, std::memory_order_relaxed);
        return reading_[kMine % kReadingPlaces];
    }

    // NOLINTBEGIN(readability-identifier-naming): a reading looks at them
    ViewSlot instance_view_{nullptr};
    CounterSlot instance_counter_{nullptr};
    CounterSlot people_counter_{nullptr};  // counts nothing: people have no limits
    std::atomic<const Models*> models_{nullptr};
    LimitCounters counters_;
    // NOLINTEND(readability-identifier-naming)

private:
    TeamNode& team(std::string_view id) {
        TeamNode& node = intern(teams_, id);
        if (node.view.load() == nullptr) {
            node.id = id;
            make_view(node);
        }
        return node;
    }

    AppNode& app(std::string_view id) {
        AppNode& node = intern(apps_, id);
        if (node.id.empty()) node.id = id;
        return node;
    }

    MemberNode& member(std::string_view team_id, std::string_view user_id) {
        return intern(members_, member_name(team_id, user_id));
    }

    static std::string member_name(std::string_view team_id, std::string_view user_id) {
        std::string name(team_id);
        name += '\0';
        name += user_id;
        return name;
    }

    KeyNode& key_node(std::string_view id) {
        const auto known = keys_.find(id);
        if (known != keys_.end()) return known->second;
        const auto made = keys_.try_emplace(std::string(id)).first;
        made->second.id = made->first;
        return made->second;
    }

    KeyPlace& place_of(const KeyOrigin& origin) {
        place_name_.clear();
        for (const std::string_view part :
             {origin.team_id, origin.app_id, origin.maker_key_id, origin.user_id}) {
            place_name_ += part;
            place_name_ += '\0';
        }
        const auto known = places_.find(place_name_);
        if (known != places_.end()) return known->second;
        KeyPlace& place = places_[place_name_];
        place.team = &team(origin.team_id);
        if (!origin.app_id.empty()) place.app = &app(origin.app_id);
        if (!origin.maker_key_id.empty()) {
            if (!keys_.contains(origin.maker_key_id)) ++waiting_;
            place.maker = &key_node(origin.maker_key_id);
        }
        if (!origin.user_id.empty()) place.member = &member(origin.team_id, origin.user_id);
        place.user_id = origin.user_id;
        return place;
    }

    /// From the team's rules, its plan's, and the instance's.
    void make_view(TeamNode& team) {
        const TeamRules& rules = team.rules;
        std::unique_ptr<ScopeView> view = view_of(rules.policy);
        view->state = rules.state;
        view->plan = team.plan;
        view->limits.narrow(Scope::Team, rules.policy.limits);
        view->key_limits.fill(Scope::Team, rules.key_defaults);
        if (team.plan != nullptr) {
            view->limits.narrow(Scope::Plan, team.plan->rules.policy.limits);
            view->key_limits.fill(Scope::Plan, team.plan->rules.key_defaults);
        }
        view->key_limits.fill(Scope::Instance, instance_.key_defaults);
        swap(team.view, std::move(view));
    }

    void swap(ViewSlot& slot, std::unique_ptr<const ScopeView> view) {
        const ScopeView* const before = slot.exchange(view.release());
        if (before != nullptr) replaced_.emplace_back(before);
    }

    /// Whoever reads now may have what was replaced; who begins later cannot.
    void free_replaced() {
        if (replaced_.empty() && replaced_models_.empty()) return;
        for (const ReadingPlace& place : reading_) place.wait_for_reader();
        replaced_.clear();
        replaced_models_.clear();
    }

    static constexpr size_t kReadingPlaces = 64;
    std::function<void(std::string_view, std::string_view)> plan_watch_;
    std::array<ReadingPlace, kReadingPlaces> reading_;  // one a thread, or shared by a few

    std::mutex writers_;
    InstanceRules instance_{.version = 0};
    ByText<PlanNode> plans_;
    ByText<TeamNode> teams_;
    ByText<AppNode> apps_;
    ByText<ModelNode> model_nodes_;
    ByText<MemberNode> members_;
    ByText<KeyNode> keys_;
    size_t waiting_ = 0;  // of `keys_`: makers that were not put in
    ByText<KeyPlace> places_;
    std::string place_name_;  // of one place at a time
    std::vector<std::unique_ptr<const ScopeView>> replaced_;
    std::vector<std::unique_ptr<const Models>> replaced_models_;
};

PolicyDirectory::PolicyDirectory() : impl_(std::make_unique<Impl>()) {}
PolicyDirectory::~PolicyDirectory() = default;

void PolicyDirectory::put(const InstanceRules& rules) { impl_->put(rules); }
void PolicyDirectory::put(const PlanRules& rules) { impl_->put(rules); }
void PolicyDirectory::put(const TeamRules& rules) { impl_->put(rules); }
void PolicyDirectory::put(const AppRules& rules) { impl_->put(rules); }
void PolicyDirectory::put(const ModelRules& rules) { impl_->put(rules); }
void PolicyDirectory::put(const MemberRole& member) { impl_->put(member); }

void PolicyDirectory::watch_plans(std::function<void(std::string_view, std::string_view)> each) {
    impl_->watch_plans(std::move(each));
}

SourcedLimits PolicyDirectory::key_defaults(std::string_view team_id) {
    return impl_->key_defaults(team_id);
}

const KeyPlace* PolicyDirectory::place(const KeyOrigin& origin) { return impl_->place(origin); }

const KeyNode* PolicyDirectory::put_key(std::string_view id,
                                        const KeyPlace& place,
                                        const Policy* policy,
                                        int64_t requests_per_minute) {
    return impl_->put_key(id, place, policy, requests_per_minute);
}

bool PolicyDirectory::waits_for(std::string_view id) const { return impl_->waits_for(id); }
bool PolicyDirectory::waits_for_any() const { return impl_->waits_for_any(); }

std::string_view PolicyDirectory::team_id(const KeyPlace& place) { return place.team->id; }

std::optional<std::string_view> PolicyDirectory::find_team(std::string_view id) {
    return impl_->find_team(id);
}

const KeyPlace* PolicyDirectory::find_member(std::string_view team_id, std::string_view user_id) {
    return impl_->find_member(team_id, user_id);
}

PolicyReading PolicyDirectory::read_member(const KeyPlace& place) {
    return {*this, {.place = &place, .id = "people", .counter = &impl_->people_counter_}};
}

LimitCounters& PolicyDirectory::counters() { return impl_->counters_; }

// ---- readings --------------------------------------------------------------------------------

PolicyReading::PolicyReading(PolicyDirectory& directory, const ReadingKey& key, ModelName model)
    : place_(&directory.impl_->reading_place()) {
    place_->enter();
    PolicyDirectory::Impl& house = *directory.impl_;
    LimitCounters& counters = house.counters_;
    const auto load = [](const ViewSlot& slot) { return slot.load(); };
    const KeyPlace& place = *key.place;
    TeamNode& team_node = *place.team;
    const ScopeView& team = *load(team_node.view);
    team_state_ = team.state;
    maker_ = Role::Owner;
    user_id_ = place.user_id;
    if (place.app != nullptr) app_id_ = place.app->id;
    if (place.member != nullptr) {
        const uint8_t role = place.member->role.load(std::memory_order_acquire);
        maker_ = role == kLeft ? std::nullopt : std::optional(static_cast<Role>(role));
    }

    if (const ScopeView* const instance = load(house.instance_view_); instance != nullptr) {
        link(Scope::Instance, instance->policy.get());
        // Its lock is one for all threads, so it is taken only where something is to be counted.
        if (!instance->limits.empty()) {
            count(Scope::Instance,
                  instance->limits,
                  counters.of(house.instance_counter_, Scope::Instance, "instance"));
        }
    }
    if (!model.model.empty()) {
        const auto& models = *house.models_.load();
        if (const auto found = models.find(model); found != models.end()) {
            ModelNode& node = *found->second;
            count(Scope::Model,
                  load(node.view)->limits,
                  counters.of(node.counter, Scope::Model, node.id));
        }
    }
    if (team.plan != nullptr) {
        const ScopeView* const plan = load(team.plan->view);
        if (plan != nullptr) link(Scope::Plan, plan->policy.get());
    }
    link(Scope::Team, team.policy.get());
    count(Scope::Team, team.limits, counters.of(team_node.counter, Scope::Team, team_node.id));
    if (place.app != nullptr) {
        static const SourcedLimits kNone;
        const ScopeView* const app = load(place.app->view);
        if (app != nullptr) link(Scope::App, app->policy.get());
        count(Scope::App,
              app != nullptr ? app->limits : kNone,
              counters.of(place.app->counter, Scope::App, place.app->id));
    }
    add_makers(place.maker);
    add_key(counters, key, team.key_limits);
}

PolicyReading::~PolicyReading() { place_->leave(); }

void PolicyReading::link(Scope scope, const CompiledPolicy* policy) {
    if (policy != nullptr) chain_[chain_size_++] = {scope, policy};
}

void PolicyReading::count(Scope scope, const SourcedLimits& limits, LimitCounter& counter) {
    limits_[limits_size_++] = {scope, &limits, &counter};
}

/// From the one at the root to the one that made the key.
void PolicyReading::add_makers(const KeyNode* nearest) {
    std::array<const CompiledPolicy*, kMakersMax> makers{};
    size_t found = 0;
    for (const KeyNode* maker = nearest; maker != nullptr && found < kMakersMax;) {
        const ScopeView* const view = maker->view.load();
        maker_ids_[found] = maker->id;
        makers[found++] = view != nullptr ? view->policy.get() : nullptr;
        const KeyPlace* const place = maker->place.load(std::memory_order_acquire);
        maker = place != nullptr ? place->maker : nullptr;
    }
    while (found > 0) link(Scope::Creator, makers[--found]);
}

void PolicyReading::add_key(LimitCounters& counters,
                            const ReadingKey& key,
                            const SourcedLimits& defaults) {
    const SourcedLimits* limits = &defaults;
    const ScopeView* const own = key.node != nullptr ? key.node->view.load() : nullptr;
    if (own != nullptr) {
        own_ = own->limits;
        own_.fill(defaults);
        limits = &own_;
    } else if (key.requests_per_minute > 0) {
        own_ = defaults;
        own_[LimitKind::RequestsPerMinute] = {key.requests_per_minute, Scope::Key};
        limits = &own_;
    }
    for (const PolicyLink& maker : chain()) {
        if (maker.scope != Scope::Creator || maker.policy->policy().limits.empty()) continue;
        if (limits != &own_) own_ = defaults;
        limits = &own_;
        own_.narrow(Scope::Creator, maker.policy->policy().limits);
    }
    if (own != nullptr) link(Scope::Key, own->policy.get());
    count(Scope::Key, *limits, counters.of(*key.counter, Scope::Key, key.id));
}

SourcedLimits tightest(std::span<const LimitScope> scopes) {
    SourcedLimits all;
    for (const LimitScope& scope : scopes) {
        for (const LimitKindInfo& row : all_limit_kinds()) {
            const SourcedLimit& limit = (*scope.limits)[row.kind];
            if (limit.value < all[row.kind].value) all[row.kind] = limit;
        }
    }
    return all;
}

}  // namespace keywarden
