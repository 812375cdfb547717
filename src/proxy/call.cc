#include "proxy/call.h"

#include <algorithm>

#include "base/clock.h"
#include "proxy/policy.h"
#include "proxy/routing.h"
#include "proxy/translation.h"

namespace keywarden {

Call::Call(Proxy* the_proxy, Loop* the_loop, Exchange* the_exchange)
    : proxy(the_proxy),
      loop(the_loop),
      exchange(the_exchange),
      id(new_request_id(the_loop->now())),
      started(precise_mono()),
      client(the_exchange, &upstream) {}

Call::~Call() { settle(this); }

Task<void> Call::pause(Nanos duration) {
    constexpr Nanos kLookEvery = std::chrono::seconds(1);
    do {
        const Nanos part = std::min(duration, kLookEvery);
        co_await loop->sleep(part);
        duration -= part;
    } while (duration > Nanos(0) && !nobody_waits());
}

ClientWatch::~ClientWatch() {
    if (watching_) exchange_->watch_peer(nullptr);
    if (gone_) exchange_->loop()->remove_swept(this);
}

void ClientWatch::begin() {
    watching_ = true;
    exchange_->watch_peer(this);
}

void ClientWatch::peer_gone() {
    if (gone_) return;
    gone_ = true;
    gone_at_ = exchange_->loop()->mono();
    exchange_->loop()->add_swept(this);
}

void ClientWatch::on_sweep(MonoTime now) {
    if (!drains_all_ && now - gone_at_ >= kDrainMax && *upstream_) (*upstream_)->abort();
}

bool ClientWatch::may_drain(size_t bytes) {
    drained_ += bytes;
    return drained_ <= (drains_all_ ? kDrainAllBytesMax : kDrainBytesMax);
}

}  // namespace keywarden
