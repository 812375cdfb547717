// The rules once more, as plainly as they can be written: no compiled form, no cells, no locks.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "tests/policy_sim/facts.h"

namespace keywarden::sim {

/// One admitted call, as the model remembers it.
struct Admitted {
    TimePoint at{};
    int64_t tokens_in = 0;
    int64_t tokens_out = 0;
    int64_t requests = 1;  // 0: tokens used beyond the estimate, added later
};

class Model {
public:
    explicit Model(const Facts& facts) : facts_(facts) {}

    /// What must be answered before limits are looked at; empty: nothing stands against the call.
    std::optional<ErrorCode> refuses(const Call& call, TimePoint now) const;

    /// The limit that admitting the call would break, exactly; empty: it breaks none. `slack` makes
    /// the windows longer than promised, for asking whether a denial was far from due.
    std::optional<LimitKind> breaks(const Call& call, TimePoint now, Nanos slack) const;

    std::shared_ptr<Admitted> admit(const Call& call, TimePoint now);
    void correct(const Call& call,
                 const std::shared_ptr<Admitted>& admitted,
                 int64_t tokens_in,
                 int64_t tokens_out,
                 TimePoint now);
    void end(const Call& call);
    void key_replaced(size_t key) { logs_.erase(log_name(Scope::Key, key)); }

private:
    struct Log {
        std::deque<std::shared_ptr<Admitted>>
            minute{};                 // in the order of time, and a little longer
        std::deque<TimePoint> day{};  // of requests
        int64_t running = 0;
    };
    struct Subject {
        std::string log;
        Limits limits;
    };

    void add(const Call& call, const std::shared_ptr<Admitted>& admitted);
    static std::string log_name(Scope scope, size_t number);
    std::vector<Subject> subjects(const Call& call) const;
    std::vector<const Policy*> policies(size_t key) const;

    const Facts& facts_;
    std::map<std::string, Log> logs_;
};

}  // namespace keywarden::sim
