// What all calls since the start came to, for GET /metrics.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "app/metrics_text.h"
#include "proxy/proxy.h"

namespace keywarden {

/// Threads: any. Each counts in a shard of its own as long as there are no more of them than
/// `threads`: no two processors then write to one line of memory.
class CallMetrics {
public:
    /// Requires: threads > 0.
    CallMetrics(const Proxy& proxy, size_t threads);

    /// Counts a call that has ended. Takes no lock and no memory.
    void note(const CallLine& line) noexcept;

    void write(MetricsText& text) const;

private:
    using Shard = std::vector<std::atomic<int64_t>>;

    /// Where each count stands in a shard.
    struct Cells {
        size_t routes = 0;  // one more than there are: requests that fit none
        size_t relayed = 0;
        size_t providers = 0;

        size_t request(size_t route, size_t status) const;
        size_t error(size_t code) const;
        size_t duration(size_t route, size_t bucket) const;
        size_t overhead(size_t route, size_t bucket) const;
        size_t clients_left() const;
        size_t provider(size_t provider, size_t what) const;
        size_t all() const { return provider(providers, 0); }
    };

    int64_t total(size_t cell) const;
    void write_requests(MetricsText& text) const;
    void write_durations(MetricsText& text) const;
    void write_providers(MetricsText& text) const;

    std::vector<RouteFacts> routes_;
    std::vector<std::string> providers_;
    Cells cells_;
    std::vector<Shard> shards_;
};

}  // namespace keywarden
