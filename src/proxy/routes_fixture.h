// For tests: providers that always answer alike, and a route over them.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "proxy/proxy_fixture.h"

namespace keywarden {

inline constexpr std::string_view kHouse = R"({"model":"house","max_tokens":10,"messages":[]})";
inline constexpr std::string_view kReply =
    R"({"id":"c1","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7}})";

inline std::string refusal(std::string_view status) {
    return "HTTP/1.1 " + std::string(status) +
           "\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
}

class Routes : public ProxyFixture {
protected:
    /// Providers "p0", "p1", … with a model "m0", "m1", …, that always answer so; empty: they take
    /// the request and hang up.
    void add_imposters(const std::vector<std::string>& answers) {
        for (const std::string& answer : answers) {
            const std::string number = std::to_string(imposters_.size());
            heard_.push_back(std::make_unique<std::atomic<int>>(0));
            imposters_.push_back(
                std::make_unique<Imposter>([answer, heard = heard_.back().get()](test::Peer& peer) {
                    while (!peer.hear_answer().empty()) {
                        ++*heard;
                        if (answer.empty() || !peer.say(answer)) return;
                    }
                }));
            add_provider("p" + number, imposters_.back()->port(), {{"m" + number, "up-" + number}});
        }
    }
    void add_route(std::vector<ModelRoute::Target> targets,
                   RouteStrategy strategy = RouteStrategy::Fallback) {
        parts_.routes.push_back({.id = "house", .strategy = strategy, .targets = targets});
    }
    /// Providers that answer so, and a route over all of them.
    void serve(const std::vector<std::string>& answers) {
        add_imposters(answers);
        std::vector<ModelRoute::Target> targets;
        for (size_t i = 0; i < answers.size(); ++i) targets.push_back({"m" + std::to_string(i)});
        add_route(std::move(targets));
        start();
    }
    int heard(size_t number) const { return *heard_.at(number); }

    void put_policy(Policy policy) {
        directory_->policies().put(
            TeamRules{.id = "team_a", .policy = std::move(policy), .version = ++version_});
    }

    std::vector<std::unique_ptr<std::atomic<int>>> heard_;
    std::vector<std::unique_ptr<Imposter>> imposters_;
    int64_t version_ = 1;
};

}  // namespace keywarden
