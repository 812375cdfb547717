// A gateway without its sockets: a store in a file, what is in memory of it, the account API as its
// routes have it, and of a call what decides whether it is let through.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/json_body.h"
#include "admin/routes.h"
#include "base/clock.h"
#include "domain/catalogue.h"
#include "domain/limiter.h"
#include "domain/router.h"
#include "store/key_directory.h"
#include "store/price_directory.h"
#include "store/spend_directory.h"
#include "tests/policy_sim/facts.h"

namespace keywarden::sim {

/// Both clocks of a machine that can be booted anew.
class SimClock final : public Clock {
public:
    TimePoint now() const override { return now_; }
    MonoTime mono() const override { return MonoTime(now_ - booted_at_); }
    void pass(Nanos time) { now_ += time; }
    void boot(Nanos ago) { booted_at_ = now_ - ago; }

private:
    TimePoint now_{std::chrono::hours(400'000)};
    TimePoint booted_at_{std::chrono::hours(399'990)};
};

struct Answer {
    int status = 0;
    std::string code{};  // of a refusal
    Json body{};

    bool ok() const { return status / 100 == 2; }
};

struct Outcome {
    std::optional<ErrorCode> refused{};
    std::optional<LimitDenial> denial{};  // when a limit refused
    LimitTicket ticket{};
};

inline constexpr int64_t kDefaultRpm = 30;
inline constexpr int64_t kActiveKeysMax = 12;

class Gateway {
public:
    Gateway(const SimClock& clock, std::string url);
    ~Gateway();

    /// What the operator asks, about `team` where it is about one.
    Answer operate(Method method, std::string path, const Json& body, std::string_view team = {});
    /// What is asked with a key's secret: first comes what stands before every route.
    Answer ask(const std::string& secret,
               std::string_view address,
               Method method,
               std::string path,
               const Json& body);
    /// A call of a model, up to where it would be relayed. The ticket must not outlive a stop.
    Outcome call(const std::string& secret, const Call& call);

    /// What is done about once a second.
    void upkeep();
    /// Everything that is only in memory is gone, but for what a stop writes.
    void stop();
    void start();

    Store& store() { return *store_; }

private:
    Result<Caller> may_come(const std::string& secret,
                            Permission needed,
                            std::string_view endpoint,
                            std::string_view address);
    Answer send(const Caller& caller, Method method, std::string path, const Json& body);

    const SimClock& clock_;
    const std::string url_;
    std::string limits_;  // the snapshot of a stop
    Catalogue models_;
    std::unique_ptr<Router> router_;
    std::vector<RouteFacts> facts_;
    std::unique_ptr<KeyFormats> formats_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<PriceDirectory> prices_;
    std::unique_ptr<SpendDirectory> spend_;
    std::unique_ptr<KeyDirectory> keys_;
    std::unique_ptr<AdminContext> context_;
    std::vector<ApiRoute> routes_;
};

}  // namespace keywarden::sim
