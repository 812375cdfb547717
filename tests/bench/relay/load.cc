// The benchmark's client: keeps connections busy with one request, and says how long answers took.
//
//   relay_load --port P --path /v1/chat/completions --body FILE --key KEY
//              --connections 32 --calls 20000            one call after the other on each
//              --connections 1000 --hold 1               one call each, then hold until stdin ends
//              --at-once 32                              with --hold: not more begun at a time
//              --connections 64 --calls 20000 --every-ns 100000
//                                                        a call when it is due, on whichever is
//                                                        free; its time counts from when it was due
//
// Prints one JSON object. With --hold: "ready" once every connection has an answer or an event.
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include "tests/bench/relay/socket.h"

namespace keywarden::bench {
namespace {

constexpr size_t kReadBytes = 65'536;
constexpr int kEventsMax = 512;
constexpr int kPatienceMs = 20'000;
constexpr std::string_view kMoment = "\"t\":\"";
constexpr size_t kMomentDigits = 19;
constexpr std::string_view kLastChunk = "0\r\n\r\n";

struct Connection {
    int fd = -1;
    bool head_seen = false;
    bool is_chunked = false;
    size_t left = 0;   // of the body, where its length is known
    std::string in{};  // what is not understood yet
    int64_t sent_at = 0;
    bool has_heard = false;
};

struct Plan {
    std::string request;
    int64_t connections = 1;
    int64_t calls = 1;
    bool hold = false;
    int64_t at_once = 1;   // calls in flight before the first is answered
    int64_t every_ns = 0;  // 0: as soon as the one before is answered
};

class Load {
public:
    explicit Load(Plan plan, uint16_t port) : plan_(std::move(plan)) {
        epoll_ = epoll_create1(EPOLL_CLOEXEC);
        connections_.resize(static_cast<size_t>(plan_.connections));
        for (size_t i = 0; i < connections_.size(); ++i) {
            connections_[i].fd = connect_to(port);
            epoll_event wanted{};
            wanted.events = EPOLLIN;
            wanted.data.u64 = i;
            if (epoll_ctl(epoll_, EPOLL_CTL_ADD, connections_[i].fd, &wanted) != 0) {
                give_up("epoll_ctl");
            }
        }
        if (plan_.hold) plan_.calls = plan_.connections;
        call_us_.reserve(static_cast<size_t>(plan_.calls));
    }

    void run() {
        const int64_t begun = now_ns();
        if (plan_.every_ns > 0) return run_by_the_clock(begun);
        for (int64_t i = 0; i < plan_.at_once; ++i) call_next();
        while (plan_.hold ? heard_ < plan_.connections : done_ < plan_.calls) turn();
        if (plan_.hold) {
            std::printf("ready\n");
            std::fflush(stdout);
            hold();
        }
        report(now_ns() - begun);
    }

private:
    void turn() {
        if (hear_all(int64_t{kPatienceMs} * 1'000'000) > 0) return;
        errno = ETIMEDOUT;
        give_up("no answer");
    }

    int hear_all(int64_t wait_ns) {
        constexpr int64_t kSecond = 1'000'000'000;
        const timespec wait{.tv_sec = wait_ns / kSecond, .tv_nsec = wait_ns % kSecond};
        std::array<epoll_event, kEventsMax> ready{};
        const int count = epoll_pwait2(epoll_, ready.data(), kEventsMax, &wait, nullptr);
        for (int i = 0; i < count; ++i) {
            hear(connections_[ready.at(static_cast<size_t>(i)).data.u64]);
        }
        return count;
    }

    void run_by_the_clock(int64_t begun) {
        for (Connection& each : connections_) idle_.push_back(&each);
        while (done_ < plan_.calls) {
            const int64_t due = begun + started_ * plan_.every_ns;
            if (started_ == plan_.calls || idle_.empty()) {
                turn();
            } else if (const int64_t wait = due - now_ns(); wait > 0) {
                hear_all(wait);
            } else {
                Connection& connection = *idle_.back();
                idle_.pop_back();
                call(connection);
                connection.sent_at = due;
            }
        }
        report(now_ns() - begun);
    }

    /// Reads on, so that streams go on, until standard input ends.
    void hold() {
        constexpr uint64_t kInput = UINT64_MAX;
        epoll_event wanted{};
        wanted.events = EPOLLIN;
        wanted.data.u64 = kInput;
        if (epoll_ctl(epoll_, EPOLL_CTL_ADD, STDIN_FILENO, &wanted) != 0) give_up("stdin");
        std::array<epoll_event, kEventsMax> ready{};
        for (;;) {
            const int count = epoll_wait(epoll_, ready.data(), kEventsMax, -1);
            for (int i = 0; i < count; ++i) {
                const uint64_t which = ready.at(static_cast<size_t>(i)).data.u64;
                if (which == kInput) return;
                hear(connections_[which]);
            }
        }
    }

    /// The first call of a connection that has had none.
    void call_next() {
        if (next_ < connections_.size()) call(connections_[next_++]);
    }

    void call(Connection& connection) {
        if (started_ == plan_.calls) return;
        ++started_;
        connection.sent_at = now_ns();
        const std::string& request = plan_.request;
        if (send(connection.fd, request.data(), request.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(request.size())) {
            give_up("send");
        }
    }

    void hear(Connection& connection) {
        std::array<char, kReadBytes> piece;  // NOLINT(*-init-variables): filled by recv
        const ssize_t got = recv(connection.fd, piece.data(), piece.size(), MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN) return;
        if (got <= 0) give_up("closed before the end");
        connection.in.append(piece.data(), static_cast<size_t>(got));
        if (!connection.head_seen && !take_head(connection)) return;
        if (connection.is_chunked ? take_events(connection) : take_body(connection)) {
            call_us_.push_back((now_ns() - connection.sent_at) / 1'000);
            ++done_;
            note_heard(connection);
            connection.head_seen = false;
            if (plan_.every_ns > 0) {
                idle_.push_back(&connection);
            } else if (!plan_.hold) {
                call(connection);
            }
        }
    }

    void note_heard(Connection& connection) {
        if (connection.has_heard) return;
        connection.has_heard = true;
        ++heard_;
        if (plan_.hold) call_next();
    }

    static bool take_head(Connection& connection) {
        const size_t end = connection.in.find("\r\n\r\n");
        if (end == std::string::npos) return false;
        std::string head = connection.in.substr(0, end + 2);
        connection.in.erase(0, end + 4);
        if (!head.starts_with("HTTP/1.1 200")) {
            std::fprintf(stderr, "%s\n%s\n", head.c_str(), connection.in.c_str());
            errno = EPROTO;
            give_up("not a 200");
        }
        std::ranges::transform(head, head.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        });
        connection.head_seen = true;
        connection.left = 0;
        constexpr std::string_view kLength = "\r\ncontent-length: ";
        const size_t at = head.find(kLength);
        connection.is_chunked = at == std::string::npos;
        if (!connection.is_chunked) {
            const char* const digits = head.data() + at + kLength.size();
            std::from_chars(digits, head.data() + head.size(), connection.left);
        }
        return true;
    }

    static bool take_body(Connection& connection) {
        if (connection.in.size() < connection.left) return false;
        connection.in.erase(0, connection.left);
        return true;
    }

    /// Counts events and how long ago each left; true at the last chunk.
    bool take_events(Connection& connection) {
        const int64_t now = now_ns();
        std::string_view in = connection.in;
        for (size_t at = in.find("\n\n"); at != in.npos; at = in.find("\n\n")) {
            const std::string_view event = in.substr(0, at);
            in.remove_prefix(at + 2);
            const size_t moment = event.find(kMoment);
            if (moment == event.npos) continue;
            ++events_;
            note_heard(connection);
            int64_t left_at = 0;
            const char* const digits = event.data() + moment + kMoment.size();
            std::from_chars(digits, digits + kMomentDigits, left_at);
            if (!plan_.hold) event_ns_.push_back(now - left_at);
        }
        connection.in.erase(0, connection.in.size() - in.size());
        if (!connection.in.ends_with(kLastChunk)) return false;
        connection.in.clear();
        return true;
    }

    template <class T>
    static T at_percent(std::vector<T>& sorted, size_t per_mille) {
        if (sorted.empty()) return {};
        return sorted[std::min(sorted.size() - 1, sorted.size() * per_mille / 1'000)];
    }

    void report(int64_t elapsed) {
        std::ranges::sort(call_us_);
        std::ranges::sort(event_ns_);
        fmt::print(R"({{"calls":{},"nanoseconds":{},"call_p50_us":{},"call_p99_us":{},"events":{},)"
                   R"("event_p50_ns":{},"event_p99_ns":{}}})"
                   "\n",
                   done_,
                   elapsed,
                   at_percent(call_us_, 500),
                   at_percent(call_us_, 990),
                   events_,
                   at_percent(event_ns_, 500),
                   at_percent(event_ns_, 990));
    }

    Plan plan_;
    int epoll_ = -1;
    std::vector<Connection> connections_;
    std::vector<Connection*> idle_;  // where calls come by the clock
    size_t next_ = 0;
    int64_t started_ = 0;
    int64_t done_ = 0;
    int64_t heard_ = 0;
    int64_t events_ = 0;
    std::vector<int64_t> call_us_;
    std::vector<int64_t> event_ns_;
};

std::string read_file(const std::string& name) {
    std::ifstream file(name, std::ios::binary);
    if (!file) give_up(name);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace
}  // namespace keywarden::bench

int main(int argc, char** argv) {
    using namespace keywarden::bench;
    const std::string body = read_file(flag(argc, argv, "body", "/dev/null"));
    const std::string key = flag(argc, argv, "key", "none");
    const int64_t connections = number_flag(argc, argv, "connections", 1);
    Plan plan = {.request = fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\n"
                                        "Authorization: Bearer {}\r\nAccept: application/json\r\n"
                                        "User-Agent: OpenAI/Python 1.0\r\n"
                                        "Content-Type: application/json\r\n"
                                        "Content-Length: {}\r\n\r\n{}",
                                        flag(argc, argv, "path", "/v1/chat/completions"),
                                        key,
                                        body.size(),
                                        body),
                 .connections = connections,
                 .calls = number_flag(argc, argv, "calls", 1),
                 .hold = number_flag(argc, argv, "hold", 0) != 0,
                 .at_once = number_flag(argc, argv, "at-once", connections),
                 .every_ns = number_flag(argc, argv, "every-ns", 0)};
    const auto port = static_cast<uint16_t>(number_flag(argc, argv, "port", 8080));
    Load(std::move(plan), port).run();
}
