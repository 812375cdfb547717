// For tests: an API with calls that were made, and what they cost.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "admin/api_fixture.h"
#include "base/id.h"
#include "base/money.h"

namespace keywarden {

class MoneyFixture : public ApiFixture {
protected:
    static constexpr NanoUsd kDollar{1'000'000'000};

    /// A call that ends now, for ten tokens in and five out. Its texts must outlive it.
    CallRecord call(std::string_view key, NanoUsd cost, std::string_view model = "gpt-4o") {
        return {.id = *parse_uuid(new_request_id(clock_.now()).view()),
                .admitted_at = clock_.now() - std::chrono::seconds(2),
                .ended_at = clock_.now(),
                .team_id = "team_1",
                .key_id = key,
                .provider = "openai",
                .model = model,
                .route = "/v1/chat/completions",
                .status = 200,
                .attempts = 1,
                .priced = true,
                .usage = {.input = 10, .output = 5},
                .price_version = 3,
                .held = cost,
                .cost = cost,
                .duration = std::chrono::milliseconds(1500),
                .first_byte = std::chrono::milliseconds(200),
                .overhead = std::chrono::microseconds(70)};
    }

    /// What became of it, in the store and where calls meet it.
    void made(const CallRecord& record) {
        ASSERT_TRUE(store_->usage().apply(std::array{record}, {}));
        spend_->count(record);
    }

    /// A call on its way that holds so much.
    SpendHold hold(std::string_view key, NanoUsd amount) {
        SpendGate gate(
            *spend_, {.team_id = "team_1", .key_id = key, .model = "openai/gpt-4o"}, clock_.now());
        return gate.take(amount);
    }

    Reply change(std::string_view path, std::string body, std::vector<Header> headers = {}) {
        return send(Method::Patch, path, std::move(body), std::move(headers));
    }
    Reply del(std::string_view path) { return send(Method::Delete, path); }
    Reply credit(std::string_view amount, std::string_view kind = "topup") {
        return post(
            "/v1/admin/credits",
            Json({{"team", "team_1"}, {"kind", kind}, {"amount_usd", amount}, {"reason", "a test"}})
                .dump());
    }
    std::string last_action() {
        return get("/v1/account/audit?limit=1").json()["data"][0]["action"];
    }
};

}  // namespace keywarden
