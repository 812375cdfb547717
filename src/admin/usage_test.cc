// Usage and requests over the API.
#include <string>

#include "admin/money_fixture.h"

namespace keywarden {
namespace {

class UsageApi : public MoneyFixture {
protected:
    /// The value of `member` in each line of a list.
    std::string lines(std::string_view path, const char* member) {
        const Reply reply = get(path);
        EXPECT_EQ(reply.status, 200) << reply.body;
        std::string out;
        for (const Json& each : reply.json()["data"]) out += each[member].dump() + " ";
        return out;
    }
};

TEST_F(UsageApi, NothingWasUsedYet) {
    const Json sum = get("/v1/account/usage/summary").json();
    EXPECT_EQ(sum["object"], "usage_summary");
    EXPECT_EQ(sum["calls"], 0);
    EXPECT_EQ(sum["cost_usd"], "0.00");
    EXPECT_EQ(sum["time_zone"], "UTC");
    EXPECT_EQ(get("/v1/account/usage/by-key").json()["data"].size(), 0U);
    EXPECT_EQ(get("/v1/account/requests").json()["data"].size(), 0U);
}

TEST_F(UsageApi, SumsUpThisMonthAndNoOther) {
    const Json key = make_key();
    const std::string id = key["id"];
    made(call(id, {250'000'000}));
    clock_.advance(std::chrono::days(40));
    made(call(id, kDollar));
    CallRecord failed = call(id, {});
    failed.status = 502;
    failed.priced = false;
    made(failed);
    for (const char* path : {"/v1/account/usage/summary", "/v1/usage/summary"}) {
        const Json sum = get(path).json();
        EXPECT_EQ(sum["calls"], 2) << path;
        EXPECT_EQ(sum["failed_calls"], 1);
        EXPECT_EQ(sum["unpriced_calls"], 1);
        EXPECT_EQ(sum["input_tokens"], 20);
        EXPECT_EQ(sum["output_tokens"], 10);
        EXPECT_EQ(sum["cost_usd"], "1.00");
    }
    EXPECT_EQ(get("/v1/account/usage/summary?from=2000-01-01").json()["cost_usd"], "1.25");
    EXPECT_EQ(get("/v1/account/usage/summary?from=2000-01-01&key=key_other").json()["calls"], 0);
    EXPECT_EQ(get("/v1/account/usage/summary?model=openai/gpt-4o").json()["calls"], 2);
    EXPECT_EQ(get("/v1/account/usage/summary?provider=groq").json()["calls"], 0);
}

TEST_F(UsageApi, AnotherTeamsUsageIsNotSeen) {
    const std::string id = make_id();
    const CallRecord mine = call(id, kDollar);
    made(mine);
    be_operator("team_2");
    EXPECT_EQ(get("/v1/account/usage/summary").json()["calls"], 0);
    EXPECT_EQ(get("/v1/account/requests").json()["data"].size(), 0U);
    EXPECT_EQ(get("/v1/account/requests/" + std::string(uuid_text(mine.id).view())).code(),
              "not_found");
}

TEST_F(UsageApi, DaysFollowOneAnotherWithoutGaps) {
    const std::string id = make_id();
    made(call(id, kDollar));
    const std::string first = format_iso8601(clock_.now()).substr(0, 10);
    clock_.advance(std::chrono::days(3));
    made(call(id, kDollar));
    const Json days = get("/v1/account/usage/daily?from=" + first).json();
    ASSERT_EQ(days["data"].size(), 4U);
    EXPECT_EQ(days["data"][0]["date"], first);
    EXPECT_EQ(days["data"][0]["calls"], 1);
    EXPECT_EQ(days["data"][1]["calls"], 0);
    EXPECT_EQ(days["data"][3]["calls"], 1);
    EXPECT_EQ(days["total"]["cost_usd"], "2.00");
    EXPECT_EQ(days["from"], first + "T00:00:00.000Z");
    EXPECT_EQ(lines("/v1/account/usage/daily?from=" + first + "&until=" + first, "calls"), "1 ");
    const Json hours = get("/v1/account/usage/hourly?from=" + first).json();
    EXPECT_EQ(hours["data"].size(), 73U) << "three days, and the hour that has begun";
    EXPECT_EQ(hours["total"]["calls"], 2);
}

TEST_F(UsageApi, ASpanIsAsManyWholeDaysOrHoursAsItTouches) {
    clock_.advance(*parse_iso8601("2026-06-01T09:30:00Z") - clock_.now());
    made(call("", kDollar));
    clock_.advance(std::chrono::hours(4));
    const Json sum = get("/v1/account/usage/summary?from=2026-06-01T12:00:00Z").json();
    EXPECT_EQ(sum["calls"], 1);
    EXPECT_EQ(sum["from"], "2026-06-01T00:00:00.000Z");
    EXPECT_EQ(sum["until"], "2026-06-02T00:00:00.000Z");
    const Json hours = get("/v1/account/usage/hourly?from=2026-06-01T09:45:00Z").json();
    EXPECT_EQ(hours["total"]["calls"], 1);
    EXPECT_EQ(hours["from"], "2026-06-01T09:00:00.000Z");
    EXPECT_EQ(hours["until"], "2026-06-01T14:00:00.000Z");
}

TEST_F(UsageApi, DaysAreThoseOfTheTeam) {
    // Noon in UTC on the 1st of June is the 2nd in Kiritimati, fourteen hours ahead.
    clock_.advance(*parse_iso8601("2026-06-01T12:00:00Z") - clock_.now());
    const std::string id = make_id();
    ASSERT_EQ(
        change("/v1/admin/teams/team_1/billing", R"({"time_zone":"Pacific/Kiritimati"})").status,
        200);
    made(call(id, kDollar));
    const Json days = get("/v1/account/usage/daily").json();
    EXPECT_EQ(days["time_zone"], "Pacific/Kiritimati");
    EXPECT_EQ(days["from"], "2026-05-31T10:00:00.000Z");
    ASSERT_EQ(days["data"].size(), 2U);
    EXPECT_EQ(days["data"][1]["date"], "2026-06-02");
    EXPECT_EQ(days["data"][1]["start"], "2026-06-01T10:00:00.000Z");
    EXPECT_EQ(days["data"][1]["calls"], 1);
    EXPECT_EQ(get("/v1/account/usage/summary?from=2026-06-02").json()["calls"], 1);
    EXPECT_EQ(get("/v1/account/usage/summary?from=2026-06-01&until=2026-06-01").json()["calls"], 0);
}

TEST_F(UsageApi, SplitsByKeyWithItsNameTheCostliestFirst) {
    const Json cheap = make_key(R"({"name":"cheap"})");
    const Json dear = make_key(R"({"name":"dear"})");
    const std::string cheap_id = cheap["id"];
    const std::string dear_id = dear["id"];
    made(call(cheap_id, kDollar));
    made(call(dear_id, {3'000'000'000}));
    made(call("key_gone", {1}));
    CallRecord of_operator = call("", {});
    made(of_operator);
    const Json list = get("/v1/account/usage/by-key").json();
    ASSERT_EQ(list["data"].size(), 4U);
    EXPECT_EQ(list["data"][0]["key"],
              Json({{"id", dear_id}, {"name", "dear"}, {"display", dear["display"]}}));
    EXPECT_EQ(list["data"][1]["key"]["name"], "cheap");
    EXPECT_EQ(list["data"][2]["key"], Json({{"id", "key_gone"}}));
    EXPECT_TRUE(list["data"][3]["key"].is_null());
    EXPECT_EQ(list["total"]["cost_usd"], "4.000000001");
    EXPECT_FALSE(list["has_more"]);
    const Json one = get("/v1/account/usage/by-key?limit=1").json();
    EXPECT_EQ(one["data"].size(), 1U);
    EXPECT_TRUE(one["has_more"]);
    EXPECT_EQ(one["total"]["calls"], 4) << "of all, whatever is shown";
}

TEST_F(UsageApi, SplitsByModelProviderAndApp) {
    const std::string app = post("/v1/account/apps", R"({"name":"dev"})").json()["id"];
    CallRecord of_app = call("", kDollar, "o1");
    of_app.app_id = app;
    made(of_app);
    made(call("", {}));
    EXPECT_EQ(lines("/v1/account/usage/by-model", "model"), R"("openai/o1" "openai/gpt-4o" )");
    EXPECT_EQ(lines("/v1/usage/by-provider", "provider"), R"("openai" )");
    EXPECT_EQ(get("/v1/account/usage/by-app").json()["data"][0]["app"],
              Json({{"id", app}, {"name", "dev"}}));
    EXPECT_TRUE(get("/v1/account/usage/by-app").json()["data"][1]["app"].is_null());
    EXPECT_EQ(get("/v1/account/usage/by-app?app=" + app).json()["total"]["calls"], 1);
}

TEST_F(UsageApi, AWrongQueryIsSaid) {
    const auto wrong = [&](std::string_view query) {
        return get("/v1/account/usage/daily?" + std::string(query)).json()["param"];
    };
    EXPECT_EQ(wrong("from=yesterday"), "from");
    EXPECT_EQ(wrong("from=2026-13-01"), "from");
    EXPECT_EQ(wrong("until=2026-02-30"), "until");
    EXPECT_EQ(wrong("from=2199-01-01"), "from");
    EXPECT_EQ(wrong("from=2020-01-02&until=2020-01-01"), "until");
    EXPECT_EQ(wrong("limit=5"), "limit");
    EXPECT_EQ(wrong("format=xml"), "format");
    EXPECT_EQ(get("/v1/account/usage/hourly?from=1971-01-01").json()["param"], "from");
    EXPECT_EQ(get("/v1/account/usage/by-key?limit=10001").json()["param"], "limit");
    EXPECT_EQ(get("/v1/account/usage/by-key?keys=x").code(), "unknown_field");
    EXPECT_EQ(get("/v1/account/requests?status=bad").json()["param"], "status");
    EXPECT_EQ(get("/v1/account/requests?limit=101").json()["param"], "limit");
    EXPECT_EQ(get("/v1/account/requests?after=nonsense").code(), "invalid_request");
}

TEST_F(UsageApi, ARequestIsReadByTheIdOfItsAnswer) {
    const Json key = make_key(R"({"name":"ci"})");
    const std::string id = key["id"];
    CallRecord record = call(id, {75'000});
    record.session_id = "s1";
    record.user_id = "user_1";
    record.tags = {"blue", "red"};
    record.usage.cached_input = 4;
    record.streamed = true;
    made(record);
    const std::string request(uuid_text(record.id).view());
    const Json row = get("/v1/requests/" + request).json();
    EXPECT_EQ(row["id"], request);
    EXPECT_EQ(row["key"]["name"], "ci");
    EXPECT_TRUE(row["app"].is_null());
    EXPECT_EQ(row["session"], "s1");
    EXPECT_EQ(row["tags"], Json({"blue", "red"}));
    EXPECT_EQ(row["model"], "gpt-4o");
    EXPECT_EQ(row["status"], 200);
    EXPECT_EQ(row["outcome"], "settled");
    EXPECT_EQ(row["usage"]["basis"], "exact");
    EXPECT_EQ(row["usage"]["cached_input_tokens"], 4);
    EXPECT_TRUE(row["usage"]["cache_write_1h_tokens"].is_null());
    EXPECT_TRUE(row["usage"]["images"].is_null());
    EXPECT_EQ(row["cost_usd"], "0.000075");
    EXPECT_EQ(row["duration_ms"], 1500);
    EXPECT_EQ(row["first_byte_ms"], 200);
    EXPECT_EQ(row["overhead_us"], 70);
    EXPECT_EQ(row["price_version"], 3);
    EXPECT_EQ(get("/v1/account/requests/nonsense").code(), "not_found");
}

TEST_F(UsageApi, RequestsArePagedAndNarrowed) {
    const std::string id = make_id();
    for (int i = 0; i < 5; ++i) {
        clock_.advance(std::chrono::minutes(1));
        CallRecord record = call(id, {i});
        record.session_id = i % 2 == 0 ? "s0" : "s1";
        if (i == 2) record.status = 429;
        made(record);
    }
    const Json first = get("/v1/account/requests?limit=2").json();
    ASSERT_EQ(first["data"].size(), 2U);
    EXPECT_EQ(first["data"][0]["cost_usd"], "0.000000004") << "the last one first";
    ASSERT_TRUE(first["has_more"]);
    const std::string next = first["next"];
    const Json second = get("/v1/account/requests?limit=4&after=" + next).json();
    EXPECT_EQ(second["data"].size(), 3U);
    EXPECT_FALSE(second["has_more"]);
    EXPECT_EQ(lines("/v1/account/requests?status=failed", "cost_usd"), "\"0.000000002\" ");
    EXPECT_EQ(get("/v1/account/requests?status=ok").json()["data"].size(), 4U);
    EXPECT_EQ(get("/v1/account/requests?session=s1").json()["data"].size(), 2U);
    EXPECT_EQ(get("/v1/account/requests?key=key_other").json()["data"].size(), 0U);
    const std::string moment = format_iso8601(clock_.now() - std::chrono::seconds(90));
    EXPECT_EQ(get("/v1/account/requests?from=" + moment).json()["data"].size(), 2U);
    EXPECT_EQ(get("/v1/account/requests?until=" + moment).json()["data"].size(), 3U);
}

TEST_F(UsageApi, EverythingComesAsCsv) {
    const std::string id = make_id(R"j({"name":"=cmd()"})j");
    for (int i = 0; i < 150; ++i) made(call(id, {1'500'000'000}));
    const Reply keys = get("/v1/account/usage/by-key?format=csv");
    EXPECT_EQ(keys.header("Content-Type"), "text/csv; charset=utf-8; header=present");
    EXPECT_EQ(keys.header("Content-Disposition"), "attachment; filename=\"usage.csv\"");
    EXPECT_TRUE(keys.body.starts_with("key,name,display,calls,failed_calls,")) << keys.body;
    EXPECT_NE(keys.body.find(id + ",'=cmd(),"), std::string::npos) << keys.body;
    EXPECT_NE(keys.body.find(",225.00,0\r\n"), std::string::npos);
    const Reply requests = send(Method::Get, "/v1/requests", {}, {{"Accept", "text/csv"}});
    EXPECT_EQ(std::ranges::count(requests.body, '\n'), 151) << "a file is more than a page";
    EXPECT_EQ(requests.header("x-keywarden-next"), "(none)");
    const Reply some = get("/v1/account/requests?format=csv&limit=120");
    EXPECT_EQ(std::ranges::count(some.body, '\n'), 121);
    const std::string next = some.header("x-keywarden-next");
    EXPECT_EQ(std::ranges::count(get("/v1/account/requests?format=csv&after=" + next).body, '\n'),
              31);
    EXPECT_TRUE(get("/v1/account/usage/summary?format=csv").body.starts_with("from,until,time_"));
    EXPECT_TRUE(get("/v1/account/usage/daily?format=csv").body.starts_with("start,date,calls,"));
}

}  // namespace
}  // namespace keywarden
