// The benchmark's upstream: answers a chat call at once, or streams events at a pace.
//
// POST /v1/…                        a JSON answer of 0.6 KB
// POST /n100/us10000/v1/…           100 server-sent events, 10 ms apart, each with its moment
//
// One thread, one write an answer or event: fast enough not to be what is measured.
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <unordered_map>
#include <vector>

#include "tests/bench/relay/socket.h"

namespace keywarden::bench {
namespace {

constexpr size_t kReadBytes = 65'536;
constexpr int kEventsMax = 512;
constexpr int64_t kNanosAMicro = 1'000;
constexpr int64_t kNanosASecond = 1'000'000'000;

constexpr std::string_view kJsonBody =
    R"({"id":"chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz012","object":"chat.completion",)"
    R"("created":1730000000,"model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"message":)"
    R"({"role":"assistant","content":"Here is a short answer that says what was asked for, in )"
    R"(about as many words as such answers have.","refusal":null},"logprobs":null,)"
    R"("finish_reason":"stop"}],"usage":{"prompt_tokens":57,"completion_tokens":23,)"
    R"("total_tokens":80,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},)"
    R"("completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}},)"
    R"("service_tier":"default","system_fingerprint":"fp_0123456789"})";
constexpr std::string_view kCommonHead =
    "Date: Mon, 01 Jan 2024 00:00:00 GMT\r\nx-request-id: req_0123456789abcdef\r\n"
    "openai-processing-ms: 12\r\n";
constexpr std::string_view kStreamEnd =
    "data: {\"id\":\"chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz012\",\"object\":\"chat.completion.chunk\","
    "\"created\":1730000000,\"model\":\"gpt-4o-mini-2024-07-18\",\"choices\":[],\"usage\":{"
    "\"prompt_tokens\":57,\"completion_tokens\":100,\"total_tokens\":157}}\n\n";

std::string chunk(std::string_view data) {
    return fmt::format("{:x}\r\n{}\r\n", data.size(), data);
}

/// An event of 240 bytes that says when it left.
std::string event(int64_t moment) {
    return chunk(fmt::format(
        "data: {{\"id\":\"chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz012\",\"object\":"
        "\"chat.completion.chunk\",\"created\":1730000000,\"model\":\"gpt-4o-mini-2024-07-18\","
        "\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\" \"}},\"t\":\"{:019}\","
        "\"finish_reason\":null}}]}}\n\n",
        moment));
}

struct Connection {
    int fd = -1;
    std::string in{};
    int64_t events_left = 0;
    int64_t interval_ns = 0;
    int64_t due = 0;
};

class Mock {
public:
    explicit Mock(int listener)
        : listener_(listener),
          json_(fmt::format("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{}"
                            "Content-Length: {}\r\n\r\n{}",
                            kCommonHead,
                            kJsonBody.size(),
                            kJsonBody)),
          stream_head_(fmt::format("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; "
                                   "charset=utf-8\r\n{}Transfer-Encoding: chunked\r\n\r\n",
                                   kCommonHead)),
          stream_end_(chunk(kStreamEnd) + chunk("data: [DONE]\n\n") + "0\r\n\r\n") {
        epoll_ = epoll_create1(EPOLL_CLOEXEC);
        watch(listener_);
    }

    void run() {
        std::array<epoll_event, kEventsMax> ready{};
        for (;;) {
            const int count = wait(ready);
            for (int i = 0; i < count; ++i) {
                const int fd = ready.at(static_cast<size_t>(i)).data.fd;
                if (fd == listener_) {
                    accept_all();
                } else if (const auto found = connections_.find(fd); found != connections_.end()) {
                    serve(*found->second);
                }
            }
            send_due_events();
        }
    }

private:
    struct Due {
        int64_t at;
        int fd;
        bool operator>(const Due& other) const { return at > other.at; }
    };

    int wait(std::array<epoll_event, kEventsMax>& ready) const {
        timespec patience{};
        if (!due_.empty()) {
            const int64_t left = std::max<int64_t>(due_.top().at - now_ns(), 0);
            patience = {.tv_sec = left / kNanosASecond, .tv_nsec = left % kNanosASecond};
        }
        return epoll_pwait2(
            epoll_, ready.data(), kEventsMax, due_.empty() ? nullptr : &patience, nullptr);
    }

    void watch(int fd) const {
        epoll_event wanted{};
        wanted.events = EPOLLIN;
        wanted.data.fd = fd;
        if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &wanted) != 0) give_up("epoll_ctl");
    }

    void accept_all() {
        for (;;) {
            const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0) return;
            connections_[fd] = std::make_unique<Connection>(Connection{.fd = fd});
            watch(fd);
        }
    }

    void drop(const Connection& connection) {
        const int fd = connection.fd;
        connections_.erase(fd);
        close(fd);
    }

    void serve(Connection& connection) {
        std::array<char, kReadBytes> piece;  // NOLINT(*-init-variables): filled by recv
        const ssize_t got = recv(connection.fd, piece.data(), piece.size(), 0);
        if (got < 0 && errno == EAGAIN) return;
        if (got <= 0) {
            drop(connection);
            return;
        }
        connection.in.append(piece.data(), static_cast<size_t>(got));
        while (take_request(connection)) {
        }
    }

    /// Answers one whole request, if it is there.
    bool take_request(Connection& connection) {
        const std::string_view in = connection.in;
        const size_t head_end = in.find("\r\n\r\n");
        if (head_end == in.npos) return false;
        const std::string_view head = in.substr(0, head_end + 2);
        const size_t length = head_end + 4 + content_length(head);
        if (in.size() < length) return false;
        begin_answer(connection, head.substr(head.find(' ') + 1));
        connection.in.erase(0, length);
        return true;
    }

    static size_t content_length(std::string_view head) {
        for (const std::string_view name : {"\r\nContent-Length: ", "\r\ncontent-length: "}) {
            if (const size_t at = head.find(name); at != head.npos) {
                return static_cast<size_t>(number_at(head.substr(at + name.size())));
            }
        }
        return 0;
    }

    static int64_t number_at(std::string_view text) {
        int64_t value = 0;
        std::from_chars(text.data(), text.data() + text.size(), value);
        return value;
    }

    /// `target`: "/n100/us10000/v1/…" streams; anything else is answered at once.
    void begin_answer(Connection& connection, std::string_view target) {
        const size_t pace = target.find("/us");
        if (!target.starts_with("/n") || pace == target.npos) {
            send_all(connection.fd, json_);
            return;
        }
        connection.events_left = number_at(target.substr(2));
        connection.interval_ns = number_at(target.substr(pace + 3)) * kNanosAMicro;
        send_all(connection.fd, stream_head_);
        // The first at once, the others spread, so that streams begun together do not beat as one.
        const int64_t share =
            static_cast<int64_t>(connection.fd % 97) * connection.interval_ns / 97;
        connection.due = now_ns() + share;
        due_.push({.at = connection.due, .fd = connection.fd});
    }

    void send_due_events() {
        while (!due_.empty() && due_.top().at <= now_ns()) {
            const Due due = due_.top();
            due_.pop();
            const auto found = connections_.find(due.fd);
            if (found == connections_.end() || found->second->due != due.at) continue;
            Connection& connection = *found->second;
            if (connection.events_left == 0) {
                connection.due = 0;
                send_all(connection.fd, stream_end_);
                continue;
            }
            --connection.events_left;
            send_all(connection.fd, event(now_ns()));
            connection.due += connection.interval_ns;
            due_.push({.at = connection.due, .fd = connection.fd});
        }
    }

    /// A peer that does not keep up loses the rest: none of ours is slow.
    static void send_all(int fd, std::string_view data) {
        if (send(fd, data.data(), data.size(), MSG_NOSIGNAL) < 0 && errno != EPIPE &&
            errno != ECONNRESET) {
            give_up("send");
        }
    }

    int listener_;
    int epoll_ = -1;
    std::string json_;
    std::string stream_head_;
    std::string stream_end_;
    std::unordered_map<int, std::unique_ptr<Connection>> connections_;
    std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
};

}  // namespace
}  // namespace keywarden::bench

int main(int argc, char** argv) {
    using namespace keywarden::bench;
    const int listener = listen_on(static_cast<uint16_t>(number_flag(argc, argv, "port", 0)));
    std::printf("%d\n", port_of(listener));
    std::fflush(stdout);
    Mock(listener).run();
}
