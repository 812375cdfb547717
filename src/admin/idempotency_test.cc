#include "admin/idempotency.h"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "admin/api_fixture.h"
#include "admin/key_change.h"

namespace keywarden {
namespace {

class Idempotency : public ApiFixture {
protected:
    Reply create(std::string body, std::string idempotency_key) {
        return post("/v1/keys", std::move(body), {{"Idempotency-Key", std::move(idempotency_key)}});
    }
    size_t keys() { return get("/v1/keys?limit=100").json()["data"].size(); }
};

TEST_F(Idempotency, TheSameRequestHappensOnceAndItsSecretIsNotShownAgain) {
    const Reply first = create(R"({"name":"a"})", "one");
    const Reply second = create(R"({"name":"a"})", "one");
    EXPECT_EQ(keys(), 1U);
    EXPECT_EQ(second.status, 201);
    EXPECT_EQ(second.header("Idempotent-Replayed"), "true");
    EXPECT_EQ(first.header("Idempotent-Replayed"), "(none)");
    for (const char* header : {"Cache-Control", "Content-Type", "ETag", "Location"}) {
        EXPECT_EQ(second.header(header), first.header(header));
    }
    EXPECT_EQ(second.header("ETag"), "\"1\"");
    EXPECT_EQ(second.header("Location"), path_of(first.json()["id"].get<std::string>()));
    EXPECT_TRUE(second.json()["key"].is_null());
    Json expected = first.json();
    expected["key"] = nullptr;
    EXPECT_EQ(second.json(), expected);
    EXPECT_EQ(second.body.find(first.json()["key"].get<std::string>()), std::string::npos);
}

TEST_F(Idempotency, AnotherBodyIsRefused) {
    create(R"({"name":"a"})", "one");
    const Reply other = create(R"({"name":"b"})", "one");
    EXPECT_EQ(other.status, 422);
    EXPECT_EQ(other.code(), "idempotency_mismatch");
    EXPECT_EQ(keys(), 1U);
}

TEST_F(Idempotency, TeamsAndRoutesDoNotShareThem) {
    const std::string id = create(R"({"name":"a"})", "one").json()["id"];
    EXPECT_EQ(post(path_of(id, "/rotate"), R"({"name":"a"})", {{"Idempotency-Key", "one"}}).code(),
              "unknown_field");
    be_operator("team_2");
    EXPECT_EQ(create(R"({"name":"b"})", "one").status, 201);
}

TEST_F(Idempotency, BothFamiliesAreOneRoute) {
    create(R"({"name":"a"})", "one");
    EXPECT_EQ(post("/v1/account/keys", R"({"name":"a"})", {{"Idempotency-Key", "one"}})
                  .header("Idempotent-Replayed"),
              "true");
}

TEST_F(Idempotency, AFailureIsNotRemembered) {
    EXPECT_EQ(create(R"({"name":7})", "one").status, 400);
    EXPECT_EQ(create(R"({"name":7})", "one").header("Idempotent-Replayed"), "(none)");
    EXPECT_EQ(create(R"({"name":"a"})", "one").status, 201);
}

TEST_F(Idempotency, ItIsKeptForADay) {
    create(R"({"name":"a"})", "one");
    clock_.advance(kIdempotencyKept - std::chrono::seconds(1));
    EXPECT_EQ(create(R"({"name":"a"})", "one").header("Idempotent-Replayed"), "true");
    clock_.advance(std::chrono::seconds(2));
    EXPECT_EQ(create(R"({"name":"a"})", "one").header("Idempotent-Replayed"), "(none)");
    EXPECT_EQ(keys(), 2U);
}

TEST_F(Idempotency, ARotationHappensOnceToo) {
    const std::string path = path_of(make_id(), "/rotate");
    const Reply first = post(path, "{}", {{"Idempotency-Key", "r"}});
    const Reply second = post(path, "{}", {{"Idempotency-Key", "r"}});
    EXPECT_EQ(second.header("Idempotent-Replayed"), "true");
    EXPECT_TRUE(second.json()["key"].is_null());
    EXPECT_EQ(second.json()["secrets"].size(), 2U);
    EXPECT_EQ(first.json()["version"], second.json()["version"]);
    EXPECT_EQ(first.header("ETag"), second.header("ETag"));
    EXPECT_EQ(second.header("Location"), "(none)") << "nothing new has an address";
}

TEST_F(Idempotency, OneThatStillRunsAsksToWait) {
    const HttpRequest request = {
        .method = Method::Post, .headers = {{"Idempotency-Key", "one"}}, .body = "{}"};
    const ApiCall call = {.request = request, .caller = &caller_, .values = {}};
    const auto never = [](const AnswerNote&) -> Result<Created> {
        ADD_FAILURE() << "ran twice";
        return Created{};
    };
    const auto outer = run_once(*context_, call, "test", [&](const AnswerNote&) {
        const auto inner = run_once(*context_, call, "test", never);
        EXPECT_FALSE(inner);
        EXPECT_EQ(inner.error().code, ErrorCode::IdempotencyInProgress);
        EXPECT_GT(inner.error().retry_after, Nanos(0));
        return Result<Created>(Created{.status = 200, .record = Json::object()});
    });
    EXPECT_TRUE(outer);
}

TEST_F(Idempotency, ManyAtOnceMakeOneKey) {
    constexpr int kCallers = 8;
    std::atomic<int> shown = 0;
    std::atomic<int> replayed = 0;
    std::atomic<int> told_to_wait = 0;
    std::vector<std::thread> callers;
    for (int i = 0; i < kCallers; ++i) {
        callers.emplace_back([&] {
            const Reply reply = create(R"({"name":"a"})", "one");
            if (reply.code() == "idempotency_in_progress") {
                ++told_to_wait;
            } else {
                ++(reply.json()["key"].is_null() ? replayed : shown);
            }
        });
    }
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(shown, 1);
    EXPECT_EQ(shown + replayed + told_to_wait, kCallers);
    EXPECT_EQ(keys(), 1U);
}

TEST_F(Idempotency, AProcessThatDiesLeavesTheKeyWithItsAnswerOrNeither) {
    // As if it had died between the creation and the answer: what the store holds is all there is.
    const std::string id = create(R"({"name":"a"})", "one").json()["id"];
    directory_ = KeyDirectory::load(*store_, *formats_, directory_->defaults(), clock_).value();
    AdminContext restarted{.keys = *directory_, .clock = clock_};
    routes_ = admin_routes(restarted);
    const Reply again = create(R"({"name":"a"})", "one");
    EXPECT_EQ(again.header("Idempotent-Replayed"), "true");
    EXPECT_EQ(again.json()["id"], id);
}

TEST_F(Idempotency, WhoTookTooLongMakesNoSecondKey) {
    const HttpRequest request = {.method = Method::Post,
                                 .path = "/v1/keys",
                                 .headers = {{"Idempotency-Key", "one"}},
                                 .body = R"({"name":"a"})"};
    const ApiCall call = {.request = request, .caller = &caller_, .values = {}};
    const auto slow = mint_once(
        *context_, call, "keys.create", 201, [&](const AnswerOf& answer_of) -> Result<MintedKey> {
            clock_.advance(kIdempotencyFlightMax);
            EXPECT_EQ(create(R"({"name":"a"})", "one").header("Idempotent-Replayed"), "(none)");
            Key key;
            key.id = "key_slow";
            key.team_id = "team_1";
            key.name = "a";
            return directory_->create(std::move(key), "", false, answer_of);
        });
    ASSERT_FALSE(slow);
    EXPECT_EQ(slow.error().code, ErrorCode::IdempotencyInProgress);
    EXPECT_EQ(keys(), 1U);
    EXPECT_EQ(create(R"({"name":"a"})", "one").header("Idempotent-Replayed"), "true");
}

TEST_F(Idempotency, ItsKeyIsBounded) {
    EXPECT_EQ(create(R"({"name":"a"})", std::string(kIdempotencyKeyMax, 'x')).status, 201);
    EXPECT_EQ(create(R"({"name":"a"})", std::string(kIdempotencyKeyMax + 1, 'x')).json()["param"],
              "Idempotency-Key");
    EXPECT_EQ(create(R"({"name":"a"})", "two words").status, 400);
    EXPECT_EQ(create(R"({"name":"a"})", "ümlaut").status, 400);
}

TEST_F(Idempotency, WhateverIsMadeIsMadeOnce) {
    for (const auto& [path, body] :
         {std::pair<const char*, const char*>{"/v1/account/apps", R"({"name":"once"})"},
          {"/v1/admin/teams", R"({"name":"once"})"},
          {"/v1/admin/plans", R"({"name":"once"})"},
          {"/v1/account/members", R"({"email":"a@example.test","role":"member"})"}}) {
        const Reply first = post(path, body, {{"Idempotency-Key", "k"}});
        ASSERT_EQ(first.status, 201) << first.body;
        const Reply again = post(path, body, {{"Idempotency-Key", "k"}});
        EXPECT_EQ(again.status, 201) << again.body;
        EXPECT_EQ(again.body, first.body);
        EXPECT_EQ(again.header("Idempotent-Replayed"), "true");
        EXPECT_EQ(again.header("ETag"), first.header("ETag"));
        EXPECT_EQ(again.header("Location"), first.header("Location"));
        EXPECT_EQ(post(path, R"({"name":"other"})", {{"Idempotency-Key", "k"}}).code(),
                  "idempotency_mismatch");
    }
    EXPECT_EQ(get("/v1/account/apps").json()["data"].size(), 1U);
    EXPECT_EQ(post("/v1/account/apps", R"({"name":"once"})", {{"Idempotency-Key", "l"}}).code(),
              "invalid_request")
        << "what fails is not remembered";
    EXPECT_EQ(post("/v1/account/apps", R"({"name":"twice"})", {{"Idempotency-Key", "l"}}).status,
              201);
}

}  // namespace
}  // namespace keywarden
