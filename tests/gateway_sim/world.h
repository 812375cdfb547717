// Random creations, changes, revocations, rotations, restarts and calls of a gateway, and what the
// rules say must come of each.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/gateway_sim/gateway.h"
#include "tests/policy_sim/dice.h"
#include "tests/policy_sim/model.h"

namespace keywarden::sim {

class World {
public:
    /// `url`: of an empty store. Fails the test that is running where the gateway breaks a rule.
    World(uint64_t seed, std::string url);

    void step();
    /// Every log of changes must still verify. Returns how many rows there are.
    size_t verify_logs();

    std::map<std::string, int> outcomes;

private:
    struct Open {
        Call call{};
        LimitTicket ticket{};
        std::shared_ptr<Admitted> admitted{};
    };

    uint64_t below(uint64_t bound) { return dice_.below(bound); }
    bool once_in(uint64_t times) { return dice_.once_in(times); }
    TimePoint now() const { return clock_.now(); }

    // ---- the beginning
    void make_plans_and_teams();
    void make_apps();
    void make_members();

    // ---- changes: each is asked of the API, and expected to be taken or refused
    void change();
    void change_instance();
    void change_plan();
    void change_team();
    void change_defaults_of_team();
    void stop_or_open_team();
    void change_app();
    void change_member();
    void change_key();
    void change_status(size_t key, std::string_view action, KeyStatus from, KeyStatus to);
    void revoke(size_t key);
    void rotate(size_t key);
    void change_policy(size_t key);
    void change_expiry(size_t key);
    void create_as_operator();
    void create_as_key();

    // ---- what the rules say of them
    std::vector<const Limits*> ceilings_of(size_t team, std::optional<size_t> app) const;
    Limits beginning_of_keys(size_t team) const;
    bool takes_more(size_t team) const;  // a key, a member: it is not closed
    bool has_room(size_t team) const;
    bool is_last_owner(size_t user) const;
    bool may_have(const KeyFacts& child) const;

    void keep(size_t at, KeyFacts made, const Answer& answer);
    std::optional<size_t> place();
    void expect(const Answer& answer, bool taken, std::string_view what);

    // ---- calls
    Call a_call();
    void call();
    void note_use(const Call& call);
    void end_one();
    void restart();

    Dice dice_;
    SimClock clock_;
    Facts facts_;
    Model model_{facts_};
    Gateway gateway_;
    std::vector<std::string> plan_ids_;
    std::vector<std::string> team_ids_;
    std::vector<std::string> app_ids_;
    std::vector<std::string> user_ids_;  // empty: keys that are nobody's in particular
    std::vector<std::string> key_ids_;
    std::vector<Open> open_;  // dies first: its tickets point at the gateway's counters
    uint64_t names_ = 0;
};

}  // namespace keywarden::sim
