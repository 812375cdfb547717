// A gateway that serves: its threads, its listeners, and what is done beside calls.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/configuration.h"
#include "app/instance.h"
#include "base/result.h"
#include "cli/environment.h"
#include "providers/provider.h"

namespace keywarden {

class Gateway {
public:
    /// Listens at the configured address and on the operator's socket, and serves.
    /// `environment`: what references of credentials name.
    /// Requires: `instance` outlives the gateway. Signals that the process waits for are blocked
    /// before, so that no thread made here takes them.
    /// Errors: InvalidConfig (models, aliases, TLS files), StartupFailed (the port is in use).
    static Result<std::unique_ptr<Gateway>> start(const Configuration& configuration,
                                                  Instance& instance,
                                                  std::vector<Provider> providers,
                                                  const Environment& environment = {});

    /// What `start` would refuse before it listens.
    /// Errors: InvalidConfig.
    static Result<void> check(const Configuration& configuration, std::vector<Provider> providers);

    /// Ends at once what still runs.
    ~Gateway();
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    /// Where it listens: "127.0.0.1:8080", with the port that was chosen.
    std::string address() const;

    /// Where a client on this machine finds it: "http://127.0.0.1:8080", with the port that was
    /// chosen when the configuration left that to the system.
    std::string base_url() const;

    /// Reads all credentials again, and what references name. Errors: StoreUnavailable.
    Result<void> reload_credentials();

    /// Reads the TLS files again. New connections get what is in them; after an error, what they
    /// had. False: the gateway runs without TLS.
    Result<bool> reload_certificate();

    /// Takes no new connections and lets calls end, for at most `bound`. `when_done` is called
    /// once, from another thread, when the last one has ended.
    void drain(Nanos bound, const std::function<void()>& when_done);

private:
    class Impl;
    explicit Gateway(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace keywarden
