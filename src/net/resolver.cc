#include "net/resolver.h"

#include <algorithm>
#include <ares.h>
#include <cstring>
#include <netdb.h>
#include <unordered_map>
#include <utility>

namespace keywarden {
namespace {

/// c-ares' own state is made once a process.
bool library_is_ready() {
    static const bool kReady = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS;
    return kReady;
}

}  // namespace

class Resolver::Impl final : public Swept {
public:
    Impl(Loop* loop, ResolverOptions options) : loop_(loop), options_(std::move(options)) {
        constexpr int kTries = 2;  // the second waits twice as long: three parts in all
        ares_options settings{};
        settings.timeout = static_cast<int>(
            std::chrono::ceil<std::chrono::milliseconds>(options_.timeout / 3).count());
        settings.tries = kTries;
        settings.sock_state_cb = socket_changed;
        settings.sock_state_cb_data = this;
        constexpr int kMask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
        if (!library_is_ready() || ares_init_options(&channel_, &settings, kMask) != ARES_SUCCESS) {
            channel_ = nullptr;
        } else if (!options_.servers.empty()) {
            ares_set_servers_ports_csv(channel_, options_.servers.c_str());
        }
        loop_->add_swept(this);
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() {
        loop_->remove_swept(this);
        if (channel_ != nullptr) ares_destroy(channel_);
    }

    struct Answer {
        std::vector<SocketAddress> addresses{};
        int status = ARES_SUCCESS;
        Nanos lives_for{};
    };

    /// co_await: one question to c-ares.
    struct Question {
        Impl* impl;
        const std::string* host;
        Answer answer{};
        bool done = false;
        std::coroutine_handle<> waiting{};

        bool await_ready() const { return false; }
        bool await_suspend(std::coroutine_handle<> handle) {
            impl->ask(this);
            waiting = handle;
            return !done;
        }
        Answer await_resume() { return std::move(answer); }
    };

    const std::vector<SocketAddress>* cached(const std::string& host) const {
        const auto found = cache_.find(host);
        if (found == cache_.end() || found->second.expires <= loop_->mono()) return nullptr;
        return &found->second.addresses;
    }

    void keep(const std::string& host, const Answer& answer) {
        if (cache_.size() >= options_.cached_max) cache_.clear();
        cache_[host] = {answer.addresses, loop_->mono() + answer.lives_for};
    }

    const ResolverOptions& options() const { return options_; }

    void on_sweep(MonoTime) override {
        if (in_flight_ > 0) ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    }

private:
    struct Socket final : FdHandler {
        Impl* impl = nullptr;
        ares_socket_t fd = ARES_SOCKET_BAD;

        void on_ready(uint32_t events) override {
            constexpr uint32_t kTrouble = EPOLLERR | EPOLLHUP;
            const bool reads = (events & (EPOLLIN | kTrouble)) != 0;
            const bool writes = (events & (EPOLLOUT | kTrouble)) != 0;
            const ares_socket_t own = fd;  // c-ares may close it, and so end this object
            ares_process_fd(
                impl->channel_, reads ? own : ARES_SOCKET_BAD, writes ? own : ARES_SOCKET_BAD);
        }
    };
    struct Cached {
        std::vector<SocketAddress> addresses{};
        MonoTime expires{};
    };

    void ask(Question* question) {
        if (channel_ == nullptr) {
            question->answer.status = ARES_ENOTINITIALIZED;
            question->done = true;
            return;
        }
        ares_addrinfo_hints hints{};
        hints.ai_family = AF_UNSPEC;
        hints.ai_socktype = SOCK_STREAM;
        ++in_flight_;
        ares_getaddrinfo(channel_, question->host->c_str(), nullptr, &hints, answered, question);
    }

    static void answered(void* data, int status, int, ares_addrinfo* found) {
        auto* question = static_cast<Question*>(data);
        Answer& answer = question->answer;
        answer.status = status;
        answer.lives_for = question->impl->options_.cached_for_max;
        for (auto* node = found == nullptr ? nullptr : found->nodes;
             node != nullptr && answer.addresses.size() < kAddressesMax;
             node = node->ai_next) {
            SocketAddress address;
            std::memcpy(&address.storage, node->ai_addr, node->ai_addrlen);
            address.size = node->ai_addrlen;
            answer.addresses.push_back(address);
            const Nanos lives_for = std::chrono::seconds(std::max(1, node->ai_ttl));
            answer.lives_for = std::min(answer.lives_for, lives_for);
        }
        ares_freeaddrinfo(found);
        --question->impl->in_flight_;
        question->done = true;
        // Not resumed from within c-ares, which does not expect to be called then.
        if (question->waiting) question->impl->loop_->resume_later(question->waiting);
    }

    static void socket_changed(void* data, ares_socket_t fd, int readable, int writable) {
        auto* impl = static_cast<Impl*>(data);
        const uint32_t events =
            (readable != 0 ? uint32_t{EPOLLIN} : 0U) | (writable != 0 ? uint32_t{EPOLLOUT} : 0U);
        const auto known = impl->sockets_.find(fd);
        if (events == 0) {
            if (known == impl->sockets_.end()) return;
            impl->loop_->unwatch(fd);
            impl->loop_->forget(known->second.get());
            impl->sockets_.erase(known);
        } else if (known != impl->sockets_.end()) {
            impl->loop_->change(fd, events, known->second.get());
        } else {
            auto socket = std::make_unique<Socket>();
            socket->impl = impl;
            socket->fd = fd;
            // One that cannot be watched is not heard: its question runs into its timeout.
            if (impl->loop_->watch(fd, events, socket.get())) {
                impl->sockets_.emplace(fd, std::move(socket));
            }
        }
    }

    Loop* loop_;
    ResolverOptions options_;
    ares_channel channel_ = nullptr;
    size_t in_flight_ = 0;
    std::unordered_map<ares_socket_t, std::unique_ptr<Socket>> sockets_;
    std::unordered_map<std::string, Cached> cache_;
};

Resolver::Resolver(Loop* loop, ResolverOptions options)
    : impl_(std::make_unique<Impl>(loop, std::move(options))) {}

Resolver::~Resolver() = default;

Task<Result<std::vector<SocketAddress>>> Resolver::resolve(std::string host, uint16_t port) {
    std::vector<SocketAddress> addresses;
    if (auto literal = parse_address(host, port)) {
        addresses.push_back(*literal);
    } else if (const auto* cached = impl_->cached(host)) {
        addresses = *cached;
    } else {
        Impl::Answer answer = co_await Impl::Question{impl_.get(), &host};
        if (answer.status != ARES_SUCCESS || answer.addresses.empty()) {
            const bool late = answer.status == ARES_ETIMEOUT;
            co_return fail(late ? ErrorCode::UpstreamTimeout : ErrorCode::UpstreamError,
                           "The upstream's name could not be resolved.",
                           "resolve " + host + ": " + ares_strerror(answer.status));
        }
        impl_->keep(host, answer);
        addresses = std::move(answer.addresses);
    }
    for (SocketAddress& address : addresses) address.set_port(port);
    if (const auto& may_reach = impl_->options().may_reach) {
        std::erase_if(addresses, [&](const SocketAddress& each) { return !may_reach(host, each); });
        if (addresses.empty()) {
            co_return fail(ErrorCode::UpstreamError,
                           "The upstream is at an address that may not be reached.",
                           host + " is at an address that may not be reached");
        }
    }
    co_return addresses;
}

}  // namespace keywarden
