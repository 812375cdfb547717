// The console's handlers as the pipeline asks them, over a store in memory.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/json/body.h"
#include "console/routes.h"
#include "domain/router.h"
#include "store/open.h"

namespace keywarden::test {

inline constexpr const char* kPassword = "correct horse battery";

struct Reply {
    int status = 0;
    Json body{};
    std::string cookie{};  // the Set-Cookie

    std::string code() const {
        return body.is_object() ? body.value("code", std::to_string(status))
                                : std::to_string(status);
    }
    std::string token() const {
        const size_t at = cookie.find('=') + 1;
        return cookie.substr(at, cookie.find(';') - at);
    }
};

/// A console of one team, "team_1", and nobody in it.
class ConsoleTest : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(store_->accounts().create_team(
            {.id = "team_1", .name = "First", .created_at = clock_.now()}, kAudit));
        sessions_ = *SessionDirectory::load(*store_, clock_);
        context_.store = store_.get();
        context_.sessions = sessions_.get();
        context_.policies = &policies_;
        context_.clock = &clock_;
        context_.totp_key = &key_;
        context_.team_id = "team_1";
        routes_ = console_routes(context_);
        for (const ApiRoute& route : routes_) facts_.push_back(route.facts);
        router_.emplace(*Router::open(facts_));
    }

    static Result<HttpResponse> answer_of(const ApiRoute& route, const ApiCall& call) {
        std::shared_ptr<void> place;
        if (route.door) {
            TRY(place, route.door(call));
        }
        return route.handler(call);
    }
    /// As the pipeline asks, for whoever holds `cookie_`.
    Reply ask(Method method, const std::string& path, const Json& body = {}) {
        const RouteMatch match = router_->match(method, path);
        EXPECT_EQ(match.kind, RouteMatch::Kind::Found) << path;
        const HttpRequest request{.method = method,
                                  .path = path,
                                  .headers = {{"Origin", origin_}},
                                  .body = body.is_null() ? std::string() : body.dump(),
                                  .peer_address = address_};
        const ApiRoute& route = routes_.at(match.route);
        std::optional<PresentedSession> presented;
        if (route.facts.needs.permission == Permission::Session) {
            presented = sessions_->find(cookie_, clock_.now());
            if (!presented) return {.status = 401, .body = {{"code", "session_required"}}};
        }
        const auto answer = answer_of(route,
                                      {.request = request,
                                       .caller = nullptr,
                                       .values = match.values,
                                       .session = presented ? &presented->session : nullptr,
                                       .is_secure = is_secure_});
        if (!answer) {
            const Error& error = answer.error();
            const ErrorInfo& row = info(error.code);
            return {.status = row.http_status,
                    .body = {{"code", std::string(row.slug)},
                             {"message", error.message},
                             {"param", error.param},
                             {"retry_after", error.retry_after / std::chrono::seconds(1)}}};
        }
        Reply reply{.status = answer->status};
        if (!answer->body.empty()) reply.body = Json::parse(answer->body);
        for (const Header& header : answer->headers) {
            if (header.name == "Set-Cookie") reply.cookie = header.value;
        }
        return reply;
    }
    Reply post(const std::string& path, const Json& body = {}) {
        return ask(Method::Post, path, body);
    }

    /// The instance's rows, oldest first: what was done, how it ended, and why, where it is said.
    std::vector<std::string> audit() const {
        std::vector<std::string> rows;
        for (const AuditRow& row : *store_->accounts().read_audit({.tenant = "instance"})) {
            const Json json = Json::parse(row.canonical);
            const std::string reason = json.value("reason", "");
            rows.push_back(json.value("action", "") + " " + json.value("outcome", "") +
                           (reason.empty() ? "" : " " + reason));
        }
        return rows;
    }

    inline static const AuditEntry kAudit{.tenant = "test"};
    ManualClock clock_;
    std::unique_ptr<Store> store_ = *open_store("memory:");
    PolicyDirectory policies_;
    std::unique_ptr<SessionDirectory> sessions_;
    SealingKey key_ = SealingKey::random();
    ConsoleContext context_;
    std::vector<ApiRoute> routes_;
    std::vector<RouteFacts> facts_;
    std::optional<Router> router_;
    std::string origin_ = "http://127.0.0.1:8080";
    std::string address_ = "203.0.113.7";
    std::string cookie_;
    bool is_secure_ = false;
};

}  // namespace keywarden::test
