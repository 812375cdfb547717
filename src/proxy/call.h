// One call on its way through the pipeline: what is known of it so far.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "domain/caller.h"
#include "domain/ip_range.h"
#include "domain/limiter.h"
#include "net/http_client.h"
#include "net/http_exchange.h"
#include "net/task.h"
#include "proxy/charge.h"
#include "proxy/endpoints.h"
#include "proxy/governed.h"
#include "proxy/meter.h"
#include "proxy/multipart.h"
#include "proxy/proxy.h"
#include "proxy/selection.h"
#include "proxy/text_count.h"
#include "proxy/tools.h"

namespace keywarden {

struct HeldCredential;
struct Routing;
struct Translation;

/// What is kept of a request until the provider has it. Then all of it is let go.
struct RelayRequest : Pooled {
    GovernedBody json{};                   // as it came
    std::unique_ptr<PrunedBody> pruned{};  // where tools were taken out
    std::optional<MultipartScanner> form{};
    Buffer held{};     // of a form: what came before the model was known
    Buffer head{};     // as it goes to the provider
    Secret own_key{};  // the caller's own credential for the provider
    std::shared_ptr<const HeldCredential> credential{};  // or a team's, or the operator's
    std::string_view model{};
    std::string_view upstream_model{};
    int64_t output_tokens_max = 0;  // of a choice, where more cannot be paid; 0: as the body says
    bool body_ended = false;        // of a form: `held` is all of it

    /// The body that goes out, but for its edits.
    GovernedBody& sent() { return pruned ? pruned->json : json; }
    const GovernedBody& sent() const { return pruned ? pruned->json : json; }

    /// Requires: the body is a form, and read_request has begun with it.
    MultipartScanner& scanner() {
        return *form;  // NOLINT(bugprone-unchecked-optional-access): see Requires
    }
};

/// After the client has left, the upstream is read for its usage this long and this far, then
/// stopped.
inline constexpr Nanos kDrainMax = std::chrono::seconds(5);
inline constexpr size_t kDrainBytesMax = size_t{256} << 10U;
/// Where the answer is kept for an Idempotency-Key, it is read this far, and as long as it takes.
inline constexpr size_t kDrainAllBytesMax = size_t{1} << 20U;

/// Notes that the client has left, and stops the upstream when the time to drain it is over.
class ClientWatch final : public PeerWatch, public Swept {
public:
    ClientWatch(Exchange* exchange, std::optional<UpstreamCall>* upstream)
        : exchange_(exchange), upstream_(upstream) {}
    ClientWatch(const ClientWatch&) = delete;
    ClientWatch& operator=(const ClientWatch&) = delete;
    ~ClientWatch();

    void begin();
    bool gone() const { return gone_; }
    /// Counts bytes read for nobody. False when they are too many.
    bool may_drain(size_t bytes);
    /// Whoever comes back for the answer is to find all of it.
    void drain_all() { drains_all_ = true; }

    void peer_gone() override;
    void on_sweep(MonoTime now) override;

private:
    Exchange* exchange_;
    std::optional<UpstreamCall>* upstream_;
    MonoTime gone_at_{};
    size_t drained_ = 0;
    bool watching_ = false;
    bool drains_all_ = false;
    bool gone_ = false;
};

/// What is left of the caller's limits, for the answer's head.
struct LimitsLeft {
    LimitView requests{};
    LimitView tokens{};
};

/// The smallest of what all scopes say about the size of a body.
struct BodyBound {
    int64_t bytes = kNoLimit;
    Scope source = Scope::Key;
};

struct Call {
    Call(Proxy* the_proxy, Loop* the_loop, Exchange* the_exchange);
    /// However it ends, its row is written.
    ~Call();
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    Proxy* proxy;
    Loop* loop;
    Exchange* exchange;
    RequestId id;
    MonoTime started;  // to the nanosecond, as are the three below
    Nanos waited{};    // for the provider

    // Filled in phase by phase.
    const RouteFacts* facts = nullptr;
    const Endpoint* endpoint = nullptr;  // null: a route of the API
    size_t route = 0;
    std::string_view asked_for{};  // the route's path as it came; a playground's becomes another
    std::vector<std::string> values{};     // of the path's {names}
    std::string client_request_id{};       // as the client named the request; empty: it did not
    std::optional<IpAddress> client_ip{};  // nothing: it has none (the local socket)
    std::optional<Caller> caller{};
    std::unique_ptr<WebSession> session{};  // of a person who has signed in
    BodyBound body_bound{};
    uint8_t classes_demanded = 0;  // a bit for each PrivacyClass; 0: any will do
    std::optional<LimitsLeft> limits{};
    JournalWriter* journal = nullptr;  // of the thread; null: a gateway without money, of tests
    std::unique_ptr<Charge> charge{};  // from the moment it is let through to its row
    ReplayTicket replay{};             // of its Idempotency-Key, if it has one
    LimitTicket ticket{};  // its end frees the call's places, whichever way the call ends
    std::unique_ptr<RelayRequest> request{};
    std::unique_ptr<Routing> routing{};          // of a call to a route
    std::unique_ptr<Translation> translation{};  // where the provider speaks another dialect
    std::unique_ptr<CallTools> tools{};          // where a list of tools binds it
    std::unique_ptr<CallSelection> selection{};  // where its tools are selected, or would be
    const Provider* provider = nullptr;
    size_t provider_index = 0;
    std::string_view model{};     // its id at the provider
    std::string model_storage{};  // where it is not the catalogue's own
    std::optional<UpstreamCall> upstream{};
    ClientWatch client;

    // Of the answer.
    UsageMeter meter{};
    TextCount text_count{};    // of a stream
    uint64_t body_bytes = 0;   // of an answer that is no stream
    bool drops_usage = false;  // usage was asked for by us: its chunk is taken out again
    bool streamed = false;
    NanoUsd cost{};  // once its row is written
    int status = 0;
    int attempts = 0;
    std::string_view allow{};          // the methods of the path, where ours is none of them
    std::optional<Dialect> dialect{};  // of errors; none: that of an unknown path
    std::string_view error{};          // the slug of our own error
    std::string error_detail{};

    std::string_view request_id() const { return id.view(); }

    /// Neither the client, nor who comes back for its Idempotency-Key.
    bool nobody_waits() const { return client.gone() && !replay.is_open(); }
    /// Waits, but only as long as somebody does for the answer: to about a second.
    Task<void> pause(Nanos duration);

    /// Requires: an attempt has begun.
    UpstreamCall& upstream_call() {
        return *upstream;  // NOLINT(bugprone-unchecked-optional-access): see Requires
    }
    const UpstreamCall& upstream_call() const {
        return *upstream;  // NOLINT(bugprone-unchecked-optional-access): see Requires
    }
};

}  // namespace keywarden
