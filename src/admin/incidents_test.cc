// Incidents, and the public status that is made of them.
#include "admin/incidents.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "admin/api_fixture.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

constexpr const char* kRoute = "/v1/admin/incidents";
constexpr const char* kOutage =
    R"({"name":"Slow answers","impact":"degraded","message":"We are looking."})";

class Incidents : public ApiFixture {
protected:
    Reply change(const std::string& id, std::string_view body, std::vector<Header> headers = {}) {
        return send(
            Method::Patch, std::string(kRoute) + "/" + id, std::string(body), std::move(headers));
    }
    std::string make(std::string_view body = kOutage) {
        const Reply reply = post(kRoute, std::string(body));
        EXPECT_EQ(reply.status, 201) << reply.body;
        return reply.json()["id"];
    }
    /// As somebody sees it who has no key.
    Json status() {
        const Caller was = caller_;
        caller_ = {};
        Json seen = get("/status").json();
        caller_ = was;
        return seen;
    }
    std::string page() {
        return send(Method::Get, "/status", "", {{"Accept", "text/html,*/*;q=0.8"}}).body;
    }
    std::string param(const Reply& reply) { return reply.json().value("param", ""); }
    std::string last_action() { return get("/v1/admin/audit?limit=1").json()["data"][0]["action"]; }
};

TEST_F(Incidents, WithoutAnyEverythingWorks) {
    const Json seen = status();
    EXPECT_EQ(seen["status"], "operational") << seen;
    EXPECT_EQ(seen["incidents"], Json::array());
    EXPECT_EQ(seen["components"][1], Json({{"name", "store"}, {"status", "operational"}}));
    EXPECT_NE(page().find("<h1>Everything works</h1>"), std::string::npos);
}

TEST_F(Incidents, AreToldToEverybodyFromTheirBeginningToTheirEnd) {
    const std::string id = make();
    EXPECT_EQ(last_action(), "incident.create");
    EXPECT_EQ(status()["status"], "degraded");
    EXPECT_EQ(status()["incidents"][0]["updates"][0]["message"], "We are looking.");
    clock_.advance(1h);
    ASSERT_EQ(change(id, R"({"impact":"down","state":"identified","message":"A cable."})").status,
              200);
    EXPECT_EQ(status()["status"], "down");
    clock_.advance(1h);
    const Json ended = change(id, R"({"state":"resolved","message":"A new cable."})").json();
    EXPECT_FALSE(ended["resolved_at"].is_null()) << ended;
    EXPECT_EQ(ended["updates"].size(), 3U);
    EXPECT_EQ(status()["status"], "operational");
    EXPECT_EQ(status()["incidents"].size(), 1U) << "it is told of for some time";
    clock_.advance(24h * 14);
    EXPECT_EQ(status()["incidents"], Json::array());
    EXPECT_EQ(get(kRoute).json()["data"].size(), 1U) << "the operator sees it still";
}

TEST_F(Incidents, OneThatComesBackIsOpenAgain) {
    const std::string id = make();
    ASSERT_EQ(change(id, R"({"state":"resolved","message":"Done."})").status, 200);
    const Json again = change(id, R"({"state":"investigating","message":"Not done."})").json();
    EXPECT_TRUE(again["resolved_at"].is_null());
    EXPECT_EQ(status()["status"], "degraded");
}

TEST_F(Incidents, TheWorstOfAllIsTheStateOfAll) {
    make(R"({"name":"A","impact":"maintenance","message":"m"})");
    EXPECT_EQ(status()["status"], "maintenance");
    make(R"({"name":"B","impact":"down","message":"m"})");
    make();
    EXPECT_EQ(status()["status"], "down");
    EXPECT_EQ(status()["incidents"][0]["name"], "Slow answers") << "the newest first";
}

TEST_F(Incidents, WhatIsWrongWithOneIsSaid) {
    EXPECT_EQ(param(post(kRoute, R"({"impact":"down","message":"m"})")), "name");
    EXPECT_EQ(param(post(kRoute, R"({"name":"n"})")), "message");
    EXPECT_EQ(param(post(kRoute, R"({"name":"n","message":""})")), "message");
    EXPECT_EQ(param(post(kRoute, R"({"name":"n","message":"a\u0007b"})")), "message");
    const std::string fine = R"({"name":"n","message":"m","impact":"operational"})";
    EXPECT_EQ(param(post(kRoute, fine)), "impact");
    EXPECT_EQ(param(post(kRoute, R"({"name":"n","message":"m","impact":"bad"})")), "impact");
    EXPECT_EQ(post(kRoute, R"({"name":"n","message":"m","until":1})").code(), "unknown_field");
    const std::string id = make();
    EXPECT_EQ(param(change(id, R"({"state":"resolved"})")), "message");
    EXPECT_EQ(change(id, R"({"name":"x"})", {{"If-Match", "\"7\""}}).code(), "version_mismatch");
    EXPECT_EQ(change(id, R"({"name":"x"})", {{"If-Match", "\"1\""}}).header("ETag"), "\"2\"");
    EXPECT_EQ(change("incident_none", R"({"name":"x"})").code(), "not_found");
    EXPECT_EQ(status()["incidents"].size(), 1U);
}

TEST_F(Incidents, AreTakenBackWhole) {
    const std::string id = make();
    EXPECT_EQ(send(Method::Delete, std::string(kRoute) + "/" + id).status, 200);
    EXPECT_EQ(last_action(), "incident.delete");
    EXPECT_EQ(status()["status"], "operational");
    EXPECT_EQ(get(std::string(kRoute) + "/" + id).code(), "not_found");
}

TEST_F(Incidents, AreBoundedAndTheOldestResolvedMakesRoom) {
    const std::string first = make();
    for (size_t i = 1; i < kIncidentsMax; ++i) make();
    EXPECT_EQ(post(kRoute, kOutage).code(), "invalid_request") << "all of them are open";
    ASSERT_EQ(change(first, R"({"state":"resolved","message":"m"})").status, 200);
    make();
    EXPECT_EQ(get(kRoute).json()["data"].size(), kIncidentsMax);
    EXPECT_EQ(get(std::string(kRoute) + "/" + first).code(), "not_found");
}

TEST_F(Incidents, NoTextOfThemIsMarkup) {
    make(R"({"name":"<script>x</script>","impact":"down","message":"<img src=x> & \"y\""})");
    const std::string html = page();
    EXPECT_EQ(html.find("<script"), std::string::npos);
    EXPECT_EQ(html.find("<img"), std::string::npos);
    EXPECT_NE(html.find("&lt;img src=x&gt; &amp; &quot;y&quot;"), std::string::npos) << html;
}

TEST_F(Incidents, AreMadeOnceForOneIdempotencyKey) {
    const std::vector<Header> once = {{"Idempotency-Key", "one"}};
    const Reply made = send(Method::Post, kRoute, kOutage, once);
    const Reply again = send(Method::Post, kRoute, kOutage, once);
    EXPECT_EQ(made.json()["id"], again.json()["id"]);
    EXPECT_EQ(get(kRoute).json()["data"].size(), 1U);
}

}  // namespace
}  // namespace keywarden
