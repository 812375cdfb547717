// A gateway is killed at every moment that has a name, and at others. What reached the provider has
// one row; the provider's own list is the oracle.
#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "app/money.h"
#include "domain/call_id.h"
#include "proxy/proxy_fixture.h"
#include "tests/kill/doomed_gateway.h"

namespace keywarden {
namespace {

using test::Death;
using test::DoomedGateway;

constexpr int kNamedRounds = 7;
constexpr int kKills = 200;  // at names, and at random
constexpr size_t kThreads = 8;
constexpr int64_t kMillion = 1'000'000;
constexpr Price kPrice{.input = 1'000 * kMillion, .output = 10'000 * kMillion};
constexpr NanoUsd kCost{7 * 1'000 + 3 * 10'000};
constexpr std::string_view kUsage = R"("usage":{"prompt_tokens":7,"completion_tokens":3})";
constexpr std::string_view kOfChanges[] = {"store.changing", "store.changed"};
/// No call comes by them, or only where a disk fails (see JournalKill).
const std::set<std::string_view> kElsewhere = {
    "journal.repaired", "journal.renamed", kOfChanges[0], kOfChanges[1]};

std::string event(std::string_view data) { return "data: " + std::string(data) + "\n\n"; }

std::string between(const std::string& text, std::string_view begin, std::string_view end) {
    const size_t at = text.find(begin);
    if (at == std::string::npos) return {};
    const size_t from = at + begin.size();
    return text.substr(from, text.find(end, from) - from);
}

class Kill : public testing::Test {
protected:
    Kill() {
        const bool has_memory = ::access("/dev/shm", W_OK) == 0;
        Settings& settings = configuration_.settings;
        settings.data_dir = (has_memory ? "/dev/shm/" : testing::TempDir()) + new_id("kill");
        settings.listen = "127.0.0.1:0";
        settings.threads = 1;
        settings.key_rate_limit_rpm = 1'000'000;
        settings.ledger_journal_bytes_max = 512 << 10;  // so that segments fill up
    }
    ~Kill() override { std::filesystem::remove_all(configuration_.settings.data_dir); }

    void SetUp() override {
        const auto instance = open_instance(configuration_, system_clock());
        ASSERT_TRUE(instance) << instance.error().message;
        key_ = (*make_first_key(**instance))->secret.reveal();
        ASSERT_TRUE((*instance)->store->usage().put_price(
            "imposter/imposter-1", kPrice, {.tenant = "instance"}));
    }

    /// One life of a gateway, and its death. Returns whether it died where it was to. `syncs`:
    /// what it writes is on the disk at once, and so in the store soon.
    bool live(const Death& death, int calls, uint64_t seed, bool syncs = false) {
        std::mt19937_64 random(seed);
        const bool has_power = syncs || random() % 2 == 0;
        configuration_.settings.ledger_durability = has_power ? "power" : "process";
        DoomedGateway gateway(configuration_, death);
        const bool is_named = death.failpoint != Death::kNever;
        const uint64_t last_words = is_named ? UINT64_MAX : random() % static_cast<uint64_t>(calls);
        Imposter provider([&](test::Peer& peer) { serve(peer, gateway, last_words); });
        served_in_life_ = 0;
        const uint16_t port = gateway.open(provider.port());
        if (port == 0) return gateway.kill();
        std::vector<std::thread> clients;
        for (size_t i = 0; i < kThreads; ++i) {
            clients.emplace_back([this, port, calls, seed = random()] {
                std::mt19937_64 dice(seed);
                for (int n = calls / static_cast<int>(kThreads); n > 0 && call(port, dice); --n) {
                }
            });
        }
        for (std::thread& client : clients) client.join();
        return gateway.kill();
    }

    /// The provider: notes what reached it, and answers.
    void serve(test::Peer& peer, const DoomedGateway& gateway, uint64_t last_words) {
        while (true) {
            const std::string request = peer.hear_answer();
            const std::string name = between(request, R"("user":")", "\"");
            if (name.empty()) return;
            {
                const std::lock_guard lock(mutex_);
                ++served_[name];
                if (served_in_life_++ == last_words) gateway.kill_soon();
            }
            const bool is_stream = request.find(R"("stream":true)") != std::string::npos;
            const bool heard = is_stream ? stream(peer)
                                         : peer.say(json_answer(R"({"id":"c1","choices":[],)" +
                                                                std::string(kUsage) + "}"));
            if (!heard) return;
        }
    }
    static bool stream(test::Peer& peer) {
        const std::string word = event(R"({"choices":[{"delta":{"content":"word"}}]})");
        const std::string usage = event(R"({"choices":[],)" + std::string(kUsage) + "}");
        const std::string rest = word + word + usage + event("[DONE]");
        return peer.say("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: " +
                        std::to_string(word.size() + rest.size()) + "\r\n\r\n" + word) &&
               peer.say(rest);
    }

    /// A client: plain or a stream, to its end or not. False: nobody answers any more.
    bool call(uint16_t port, std::mt19937_64& dice) {
        const bool is_stream = dice() % 2 == 0;
        const bool stays = dice() % 3 != 0;
        const std::string name = "call-" + std::to_string(last_call_.fetch_add(1));
        const std::string body = R"({"model":"imposter-1","max_tokens":9,"messages":[],"user":")" +
                                 name + "\"" + (is_stream ? R"(,"stream":true})" : "}");
        test::Peer peer(port);
        peer.say(post("/v1/chat/completions",
                      key_,
                      body,
                      "X-Keywarden-Session-Id: " + name + "\r\nConnection: close\r\n"));
        const std::string heard = stays ? peer.hear_all() : peer.hear_bytes(dice() % 300);
        if (heard.empty()) return !stays;
        const std::string_view end = is_stream ? "0\r\n\r\n" : "}";
        if (stays && status(heard) == 200 && heard.ends_with(end)) {
            const std::lock_guard lock(mutex_);
            answered_.insert(name);
        }
        return true;
    }

    /// A dollar for the team, as a payment provider's webhook would have it. Returns the status,
    /// or 0 where nobody answered.
    int top_up(const std::string& team_id, int number) {
        test::Peer peer(configuration_.settings.data_dir + "/keywarden.sock");
        const std::string body =
            R"({"team":")" + team_id + R"(","kind":"topup","amount_usd":"1","reason":"paid"})";
        peer.say(
            "POST /v1/admin/credits HTTP/1.1\r\nHost: localhost\r\n"
            "Content-Type: application/json\r\nIdempotency-Key: payment-" +
            std::to_string(number) + "\r\nContent-Length: " + std::to_string(body.size()) +
            "\r\n\r\n" + body);
        return status(peer.hear_answer());
    }

    /// A start that nobody disturbs. Returns what it found.
    JournalRecovery recover(NanoUsd* balance = nullptr) {
        auto instance = open_instance(configuration_, system_clock());
        EXPECT_TRUE(instance) << instance.error().message;
        ToolTrials trials;
        const auto money = Money::open(configuration_.settings, **instance, {}, 1, trials);
        EXPECT_TRUE(money) << money.error().message;
        EXPECT_TRUE((*money)->write_events());
        const BalanceState state = (*money)->spend().balance((*instance)->team_id);
        EXPECT_EQ(state.held.value, 0);
        if (balance != nullptr) *balance = state.balance;
        return (*money)->journal().recovery();
    }

    /// The rows by the name that each call gave its session.
    std::map<std::string, CallRow> read_rows(UsageStore& store, const std::string& team_id) {
        std::map<std::string, CallRow> rows;
        CallQuery query{.team_id = team_id, .limit = 100};
        do {
            const auto page = store.list_calls(query);
            EXPECT_TRUE(page) << page.error().message;
            if (!page) return rows;
            for (const CallRow& row : page->items) {
                EXPECT_TRUE(rows.try_emplace(row.session_id, row).second) << row.session_id;
            }
            query.after = page->next;
        } while (!query.after.empty());
        return rows;
    }

    void check() {
        const JournalRecovery first = recover();
        NanoUsd balance{};
        const JournalRecovery second = recover(&balance);
        EXPECT_EQ(second.rows, 0) << "the store has all";
        EXPECT_EQ(second.holds_closed, 0) << "no hold is left open";
        EXPECT_EQ(first.frames_damaged + second.frames_damaged, 0);

        const auto instance = open_instance(configuration_, system_clock());
        UsageStore& store = (*instance)->store->usage();
        const auto verified = store.verify();
        ASSERT_TRUE(verified) << verified.error().message;
        for (const std::string& each : verified->differences) ADD_FAILURE() << each;
        const auto rows = read_rows(store, (*instance)->team_id);
        EXPECT_EQ(verified->rows, std::ssize(rows));
        int64_t spent = 0;
        for (const auto& [name, row] : rows) spent += check_row(name, row.record);
        EXPECT_EQ(balance.value, -spent);
        for (const auto& [name, times] : served_) {
            EXPECT_EQ(times, 1) << name << " was sent again";
            EXPECT_TRUE(rows.contains(name)) << name << " reached the provider and has no row";
        }
        for (const std::string& name : answered_) {
            // It may have died between the answer's last byte and the row.
            EXPECT_NE(rows.at(name).record.outcome, CallOutcome::Voided) << name;
        }
    }

    int64_t check_row(const std::string& name, const CallRecord& row) {
        EXPECT_LE(row.cost.value, std::max(row.held, kCost).value) << name;
        if (!served_.contains(name)) EXPECT_NE(row.outcome, CallOutcome::Settled) << name;
        if (served_.contains(name)) {
            EXPECT_NE(row.outcome, CallOutcome::Voided) << name;
            EXPECT_GT(row.cost.value, 0) << name;
        }
        if (row.outcome == CallOutcome::Settled) {
            EXPECT_EQ(row.basis, UsageBasis::Exact) << name;
            EXPECT_EQ(row.cost.value, kCost.value) << name;
        }
        return row.cost.value;
    }

    Configuration configuration_;
    std::string key_;
    std::atomic<int> last_call_ = 0;
    std::mutex mutex_;
    uint64_t served_in_life_ = 0;
    std::map<std::string, int> served_;
    std::set<std::string> answered_;
};

TEST_F(Kill, AtEveryNamedMomentAndAtOthersNothingIsLostAndNothingComesTwice) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    int kills = 0;
    for (size_t number = 0; number < std::size(kFailpoints); ++number) {
        const std::string_view name = kFailpoints[number];
        if (kElsewhere.contains(name)) continue;
        const bool is_of_calls = name.starts_with("call.") || name == "journal.hold_written" ||
                                 name == "journal.end_written";
        int reached = 0;
        for (int round = 0; round < kNamedRounds; ++round, ++kills) {
            // Only who died with calls in hand leaves something to close.
            if (name.starts_with("recovery.")) live({}, 80, random());
            const int64_t passes = is_of_calls ? 1 + static_cast<int64_t>(random() % 20) : 1;
            const Death death{.failpoint = number, .passes = passes};
            reached += live(death, 400, random(), !is_of_calls) ? 1 : 0;
        }
        EXPECT_GT(reached, 0) << name;
    }
    for (; kills < kKills; ++kills) live({}, 80, random());
    check();
    EXPECT_GT(served_.size(), static_cast<size_t>(kKills));
    EXPECT_GT(answered_.size(), 0U);
}

TEST_F(Kill, AThresholdThatWasCrossedIsToldOfWheneverItsGatewayDies) {
    {
        const auto instance = open_instance(configuration_, system_clock());
        const Budget budget{.id = "bud_1",
                            .team_id = (*instance)->team_id,
                            .name = "all",
                            .amount = kCost,
                            .period = Period::Total,
                            .blocks = false};
        ASSERT_TRUE((*instance)->store->usage().create_budget(budget, {.tenant = "instance"}));
    }
    for (const std::string_view moment : {"call.closed", "applier.applied"}) {
        const auto at = static_cast<size_t>(std::ranges::find(kFailpoints, moment) - kFailpoints);
        bool reached = false;
        for (int life = 0; life < kNamedRounds && !reached; ++life) {
            reached = live({.failpoint = at, .passes = 1}, 400, 1, true);
        }
        EXPECT_TRUE(reached) << moment;
        recover();
        recover();
        const auto instance = open_instance(configuration_, system_clock());
        const auto events =
            (*instance)->store->usage().list_events((*instance)->team_id, {.limit = 100});
        EXPECT_EQ(events->items.size(), 3U) << moment << ": 50, 75, and 100 percent, once each";
    }
}

// However far it had come: nobody had asked the provider, and it is made now; or it is told that it
// was made, and by which call. It reaches the provider once, and has one row that costs.
TEST_F(Kill, ACallIsMadeAndChargedOnceForItsIdempotencyKey) {
    const std::string team_id = (*open_instance(configuration_, system_clock()))->team_id;
    constexpr std::string_view kMoments[] = {"call.held",
                                             "call.opened",
                                             "call.sent",
                                             "call.closed",
                                             "applier.read",
                                             "store.applied",
                                             "applier.applied"};
    const std::string body = R"({"model":"imposter-1","max_tokens":9,"messages":[],"user":"NAME"})";
    const auto send = [&](uint16_t port, const std::string& name) {
        test::Peer peer(port);
        std::string own = body;
        own.replace(own.find("NAME"), 4, name);
        peer.say(post("/v1/chat/completions",
                      key_,
                      own,
                      "X-Keywarden-Session-Id: " + name + "\r\nIdempotency-Key: " + name +
                          "\r\nConnection: close\r\n"));
        return peer.hear_all();
    };
    configuration_.settings.ledger_durability = "power";
    std::map<std::string, std::string> again;
    for (const std::string_view moment : kMoments) {
        const std::string name(moment);
        const auto at = static_cast<size_t>(std::ranges::find(kFailpoints, moment) - kFailpoints);
        for (const Death& death : {Death{.failpoint = at, .passes = 1}, Death{}}) {
            DoomedGateway gateway(configuration_, death);
            Imposter provider([&](test::Peer& peer) { serve(peer, gateway, UINT64_MAX); });
            const uint16_t port = gateway.open(provider.port());
            ASSERT_NE(port, 0);
            again[name] = send(port, name);
            const bool is_the_last = death.failpoint == Death::kNever;
            const MonoTime until = precise_mono() + test::kPatience;
            while (!is_the_last && !gateway.has_met_its_fate() && precise_mono() < until) {
                std::this_thread::yield();
            }
            gateway.kill();  // before its provider, which waits for whoever is connected
        }
        recover();  // else the next gateway meets its fate while it applies what this one left
    }
    const auto instance = open_instance(configuration_, system_clock());
    CallQuery query{.team_id = team_id, .limit = 100};
    std::map<std::string, std::vector<CallRow>> rows;
    const auto page = (*instance)->store->usage().list_calls(query);
    ASSERT_TRUE(page && page->next.empty());
    for (const CallRow& row : page->items) {
        if (row.record.outcome != CallOutcome::Voided) rows[row.session_id].push_back(row);
    }
    for (const auto& [name, answer] : again) {
        EXPECT_LE(served_[name], 1) << name;
        ASSERT_EQ(rows[name].size(), 1U) << name << " is charged once: " << answer;
        if (status(answer) == 200) continue;
        EXPECT_EQ(status(answer), 409) << name << ": " << answer;
        const std::string id(text_of(rows[name].front().record.id).view());
        EXPECT_NE(answer.find(id), answer.npos) << name << ": " << answer;
    }
    EXPECT_EQ(status(again["call.opened"]), 200);
    EXPECT_EQ(status(again["call.sent"]), 409);
    EXPECT_EQ(status(again["applier.applied"]), 409);
}

TEST_F(Kill, ATopUpIsPaidOnceForItsIdempotencyKeyWheneverItIsTriedAgain) {
    std::string team_id = (*open_instance(configuration_, system_clock()))->team_id;
    constexpr uint16_t kNoProvider = 9;
    std::set<int> paid;
    std::set<int> unknown;
    int last = 0;
    for (const std::string_view name : kOfChanges) {
        const auto at = static_cast<size_t>(std::ranges::find(kFailpoints, name) - kFailpoints);
        for (int passes = 1; passes <= kNamedRounds; ++passes) {
            DoomedGateway gateway(configuration_, {.failpoint = at, .passes = passes});
            ASSERT_NE(gateway.open(kNoProvider), 0);
            int code = 0;
            do {
                code = top_up(team_id, ++last);
                (code == 201 ? paid : unknown).insert(last);
            } while (code == 201);
            EXPECT_TRUE(gateway.kill()) << name << ": " << code;
        }
    }
    ASSERT_EQ(std::ssize(unknown), 2 * kNamedRounds);
    {
        DoomedGateway gateway(configuration_, {});
        ASSERT_NE(gateway.open(kNoProvider), 0);
        for (const int number : unknown) {
            EXPECT_EQ(top_up(team_id, number), 201) << "at once, whether it was stored or not";
            paid.insert(number);
        }
        for (const int number : paid) EXPECT_EQ(top_up(team_id, number), 201);
    }
    EXPECT_EQ(std::ssize(paid), last);
    NanoUsd balance{};
    recover(&balance);
    EXPECT_EQ(balance.value, std::ssize(paid) * 1'000'000'000);
    const auto instance = open_instance(configuration_, system_clock());
    EXPECT_TRUE((*instance)->store->usage().verify()->differences.empty());
}

}  // namespace
}  // namespace keywarden
