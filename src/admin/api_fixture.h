// For tests: the whole account API over a store in memory, with a clock that the test moves.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "admin/json_body.h"
#include "admin/routes.h"
#include "admin/switchable_store.h"
#include "base/clock.h"
#include "base/error_body.h"
#include "domain/model_rules.h"
#include "domain/router.h"
#include "store/key_directory.h"
#include "store/open.h"

namespace keywarden {

/// An answer as a client reads it.
struct Reply {
    int status = 0;
    std::vector<Header> headers{};
    std::string body{};

    Json json() const { return Json::parse(body); }
    std::string header(std::string_view name) const {
        for (const Header& each : headers) {
            if (equal_ignoring_case(each.name, name)) return each.value;
        }
        return "(none)";
    }
    /// The `code` of a refusal; the status for anything else.
    std::string code() const {
        return status < 400 ? std::to_string(status) : json().at("code").get<std::string>();
    }
};

class ApiFixture : public testing::Test {
protected:
    static constexpr KeyCaps kRoomy = {.active_keys_max = 100'000,
                                       .creations_per_hour_max = 100'000};

    void SetUp() override { start({.caps = kRoomy}); }

    /// Begins anew with other defaults, as the operator of a new team.
    void start(KeyDefaults defaults) {
        routes_.clear();
        context_.reset();
        directory_.reset();
        spend_.reset();  // after the directory, which tells it
        store_ = std::make_unique<SwitchableStore>(open_store("memory:").value());
        ASSERT_TRUE(store_->accounts().create_team(
            {.id = "team_1", .name = "First", .created_at = clock_.now()}, {.tenant = "test"}));
        ASSERT_TRUE(store_->accounts().create_team(
            {.id = "team_2", .name = "Other", .created_at = clock_.now()}, {.tenant = "test"}));
        formats_ = std::make_unique<KeyFormats>(
            KeyFormats::open(accepted_formats_, Secret("a pepper for tests")).value());
        prices_ = std::make_unique<PriceDirectory>(
            store_->usage(), built_in_price_book(), std::span<const PricedProvider>(), Price());
        spend_ = std::make_unique<SpendDirectory>(clock_);
        ASSERT_TRUE(spend_->load(store_->usage()));
        directory_ = KeyDirectory::load(*store_, *formats_, defaults, clock_).value();
        directory_->tell(spend_.get());
        context_ = std::make_unique<AdminContext>(AdminContext{.keys = *directory_,
                                                               .clock = clock_,
                                                               .operator_id = "user_operator",
                                                               .models = &models_,
                                                               .prices = prices_.get(),
                                                               .spend = spend_.get()});
        context_->names =
            policy_names(models_, std::array{std::string_view("/v1/chat/completions")});
        routes_ = admin_routes(*context_);
        router_ = std::make_unique<Router>(Router::open(admin_route_facts()).value());
        be_operator();
    }

    void be_operator(std::string_view team = "team_1") {
        caller_ = {.team_id = team, .is_operator = true};
    }

    /// Calls as the key with this secret from here on.
    void be(std::string_view secret) {
        const auto caller = directory_->authenticate(secret, clock_.now());
        ASSERT_TRUE(caller) << caller.error().message;
        caller_ = *caller;
    }

    /// Sends a request as the caller, and answers as the pipeline would.
    Reply send(Method method,
               std::string_view target,
               std::string body = {},
               std::vector<Header> headers = {}) {
        const size_t question = target.find('?');
        HttpRequest request = {.method = method,
                               .path = std::string(target.substr(0, question)),
                               .headers = std::move(headers),
                               .body = std::move(body),
                               .request_id = "r"};
        if (question != std::string_view::npos) request.query = target.substr(question + 1);
        if (!request.body.empty()) request.headers.push_back({"Content-Type", "application/json"});
        return answer(request);
    }

    Reply answer(const HttpRequest& request) {
        RouteMatch match = router_->match(request.method, request.path);
        if (match.kind != RouteMatch::Kind::Found) return {.status = 404};
        auto response = routes_[match.route].handler(
            {.request = request, .caller = &caller_, .values = std::move(match.values)});
        HttpResponse shown =
            response ? *std::move(response) : render_error(Dialect::Problem, response.error(), "r");
        return {shown.status, std::move(shown.headers), std::move(shown.body)};
    }

    Reply get(std::string_view target) { return send(Method::Get, target); }
    Reply post(std::string_view target, std::string body, std::vector<Header> headers = {}) {
        return send(Method::Post, target, std::move(body), std::move(headers));
    }
    Reply patch(std::string_view id, std::string body, std::vector<Header> headers = {}) {
        return send(Method::Patch, path_of(id), std::move(body), std::move(headers));
    }
    Reply revoke(std::string_view id) { return send(Method::Delete, path_of(id)); }

    /// Creates a key and returns the answer's body; `body` may leave the name out.
    Json make_key(std::string_view body = "{}") {
        Json wanted = Json::parse(body);
        if (!wanted.contains("name")) wanted["name"] = "test";
        const Reply reply = post("/v1/keys", wanted.dump());
        EXPECT_EQ(reply.status, 201) << reply.body;
        return reply.json();
    }

    std::string make_id(std::string_view body = "{}") { return make_key(body)["id"]; }

    static std::string path_of(std::string_view id, std::string_view action = {}) {
        return "/v1/keys/" + std::string(id) + std::string(action);
    }

    ManualClock clock_;
    Catalogue models_ =
        Catalogue::open({{.name = "openai", .models = {{"gpt-4o", "gpt-4o"}, {"o1", "o1"}}},
                         {.name = "groq",
                          .takes = CatalogueProvider::Takes::Prefixed,
                          .models = {{"llama", "llama-3.3"}, {"gpt-4o", "gpt-4o"}}}},
                        {{.id = "fast", .target = "groq/llama"}})
            .value();
    std::unique_ptr<SwitchableStore> store_;
    std::vector<std::string> accepted_formats_ = {
        "keywarden", "orqen", "orbitkit", "orgn", "opaque"};  // from the next start() on
    std::unique_ptr<KeyFormats> formats_;
    std::unique_ptr<KeyDirectory> directory_;
    std::unique_ptr<PriceDirectory> prices_;
    std::unique_ptr<SpendDirectory> spend_;
    std::unique_ptr<AdminContext> context_;
    std::vector<ApiRoute> routes_;
    std::unique_ptr<Router> router_;
    Caller caller_{};
};

}  // namespace keywarden
