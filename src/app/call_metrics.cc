#include "app/call_metrics.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

/// What the gateway and most providers send. All others are counted together, as are those that
/// never got one.
constexpr std::array kStatuses = {200, 201, 202, 204, 301, 302, 304, 400, 401, 402, 403, 404,
                                  405, 406, 408, 409, 410, 411, 412, 413, 414, 415, 417, 422,
                                  426, 429, 431, 499, 500, 501, 502, 503, 504, 505, 529};
constexpr size_t kLeft = kStatuses.size();
constexpr size_t kOther = kLeft + 1;
constexpr size_t kStatusCells = kOther + 1;

constexpr std::array<Nanos, 14> kDurations = {
    5ms, 10ms, 25ms, 50ms, 100ms, 250ms, 500ms, 1s, 2500ms, 5s, 10s, 30s, 60s, 300s};
constexpr std::array<Nanos, 12> kOverheads = {
    25us, 50us, 100us, 250us, 500us, 1ms, 2500us, 5ms, 10ms, 25ms, 100ms, 1s};
constexpr size_t kDurationCells = kDurations.size() + 2;  // beyond them all; and the sum
constexpr size_t kOverheadCells = kOverheads.size() + 2;

constexpr auto kErrors = static_cast<size_t>(ErrorCode::kCount);

enum ProviderCell : uint8_t { Attempts, Input, Cached, Output, Reasoning, Cost };
constexpr size_t kPerProvider = Cost + 1;

struct TokenType {
    ProviderCell cell;
    std::string_view name;
};
constexpr std::array kTokenTypes = {TokenType{Input, "input"},
                                    TokenType{Cached, "cached"},
                                    TokenType{Output, "output"},
                                    TokenType{Reasoning, "reasoning"}};

size_t status_cell(int status) {
    if (status == 0) return kLeft;
    const auto* const found = std::ranges::find(kStatuses, status);
    return found == kStatuses.end() ? kOther : static_cast<size_t>(found - kStatuses.begin());
}

std::string status_label(size_t cell) {
    if (cell == kLeft) return "left";
    return cell == kOther ? "other" : std::to_string(kStatuses.at(cell));
}

size_t bucket_of(BucketEnds ends, Nanos value) {
    return static_cast<size_t>(std::ranges::lower_bound(ends, value) - ends.begin());
}

std::string_view name(Fault fault) {
    switch (fault) {
        case Fault::Caller:
            return "caller";
        case Fault::Upstream:
            return "upstream";
        case Fault::Gateway:
            break;
    }
    return "gateway";
}

}  // namespace

size_t CallMetrics::Cells::request(size_t route, size_t status) const {
    return route * kStatusCells + status;
}
size_t CallMetrics::Cells::error(size_t code) const { return request(routes, 0) + code; }
size_t CallMetrics::Cells::duration(size_t route, size_t bucket) const {
    return error(kErrors) + route * kDurationCells + bucket;
}
size_t CallMetrics::Cells::overhead(size_t route, size_t bucket) const {
    return duration(relayed, 0) + route * kOverheadCells + bucket;
}
size_t CallMetrics::Cells::clients_left() const { return overhead(relayed, 0); }
size_t CallMetrics::Cells::provider(size_t provider, size_t what) const {
    return clients_left() + 1 + provider * kPerProvider + what;
}

CallMetrics::CallMetrics(const Proxy& proxy, size_t threads)
    : routes_(Proxy::routes_of(proxy.parts().api_routes)) {
    for (const Provider& provider : proxy.parts().providers) providers_.push_back(provider.name);
    cells_ = {.routes = routes_.size() + 1,
              .relayed = endpoints().size(),
              .providers = providers_.size()};
    for (size_t i = 0; i < threads; ++i) shards_.emplace_back(cells_.all());
}

void CallMetrics::note(const CallLine& line) noexcept {
    static std::atomic<size_t> threads_seen{};
    static thread_local const size_t kMine = threads_seen.fetch_add(1, std::memory_order_relaxed);
    Shard& shard = shards_[kMine % shards_.size()];
    const auto count = [&](size_t cell, int64_t amount = 1) {
        shard[cell].fetch_add(amount, std::memory_order_relaxed);
    };
    const size_t route = line.route.empty() ? routes_.size() : line.route_row;
    count(cells_.request(route, status_cell(line.status)));
    if (!line.error.empty()) {
        const auto errors = all_errors();
        const auto error = std::ranges::find(errors, line.error, &ErrorInfo::slug);
        if (error != errors.end()) count(cells_.error(static_cast<size_t>(error->code)));
    }
    if (line.attempts == 0) return;  // it was sent to nobody
    const Nanos overhead = std::max(line.overhead, Nanos(0));
    count(cells_.duration(route, bucket_of(kDurations, line.duration)));
    count(cells_.duration(route, kDurationCells - 1), line.duration.count());
    count(cells_.overhead(route, bucket_of(kOverheads, overhead)));
    count(cells_.overhead(route, kOverheadCells - 1), overhead.count());
    if (line.client_left) count(cells_.clients_left());
    const auto count_of_provider = [&](ProviderCell what, int64_t amount) {
        if (amount > 0) count(cells_.provider(line.provider_row, what), amount);
    };
    count_of_provider(Attempts, line.attempts);
    count_of_provider(Input, line.usage.input.value_or(0));
    count_of_provider(Cached, line.usage.cached_input.value_or(0));
    count_of_provider(Output, line.usage.output.value_or(0));
    count_of_provider(Reasoning, line.usage.reasoning.value_or(0));
    count_of_provider(Cost, line.cost.value);
}

void CallMetrics::write(MetricsText& text) const {
    write_requests(text);
    write_durations(text);
    text.begin(Metric::ClientsLeft);
    text.add({}, total(cells_.clients_left()));
    write_providers(text);
}

int64_t CallMetrics::total(size_t cell) const {
    int64_t sum = 0;
    for (const Shard& shard : shards_) sum += shard[cell].load(std::memory_order_relaxed);
    return sum;
}

void CallMetrics::write_requests(MetricsText& text) const {
    text.begin(Metric::Requests);
    for (size_t route = 0; route < cells_.routes; ++route) {
        const bool fits_none = route == routes_.size();
        for (size_t status = 0; status < kStatusCells; ++status) {
            const int64_t count = total(cells_.request(route, status));
            if (count == 0) continue;  // most of them, for ever
            text.add({{"route", fits_none ? "none" : routes_[route].path},
                      {"method", fits_none ? "" : keywarden::name(routes_[route].method)},
                      {"status", status_label(status)}},
                     count);
        }
    }
    text.begin(Metric::RequestErrors);
    for (const ErrorInfo& row : all_errors()) {
        const int64_t count = total(cells_.error(static_cast<size_t>(row.code)));
        if (count > 0) text.add({{"code", row.slug}, {"fault", name(row.fault)}}, count);
    }
}

void CallMetrics::write_durations(MetricsText& text) const {
    const auto write = [&](Metric metric, BucketEnds ends, auto cell) {
        text.begin(metric);
        for (size_t route = 0; route < cells_.relayed; ++route) {
            std::vector<int64_t> counts;
            int64_t seen = 0;
            for (size_t i = 0; i <= ends.size(); ++i) {
                counts.push_back(total(cell(route, i)));
                seen += counts.back();
            }
            if (seen == 0) continue;
            text.add_histogram({"route", routes_[route].path},
                               ends,
                               counts,
                               Nanos(total(cell(route, ends.size() + 1))));
        }
    };
    write(Metric::RequestDuration, kDurations, [this](size_t route, size_t bucket) {
        return cells_.duration(route, bucket);
    });
    write(Metric::RequestOverhead, kOverheads, [this](size_t route, size_t bucket) {
        return cells_.overhead(route, bucket);
    });
}

void CallMetrics::write_providers(MetricsText& text) const {
    const auto each = [&](Metric metric, auto write) {
        text.begin(metric);
        for (size_t i = 0; i < providers_.size(); ++i) write(i);
    };
    each(Metric::UpstreamRequests, [&](size_t i) {
        text.add({{"provider", providers_[i]}}, total(cells_.provider(i, Attempts)));
    });
    each(Metric::Tokens, [&](size_t i) {
        for (const TokenType& type : kTokenTypes) {
            text.add({{"provider", providers_[i]}, {"type", type.name}},
                     total(cells_.provider(i, type.cell)));
        }
    });
    each(Metric::Cost, [&](size_t i) {
        text.add_usd({{"provider", providers_[i]}}, NanoUsd(total(cells_.provider(i, Cost))));
    });
}

}  // namespace keywarden
