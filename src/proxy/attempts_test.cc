#include "proxy/attempts.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "proxy/proxy_fixture.h"

namespace keywarden {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kChat = R"({"model":"gpt-4o","messages":[]})";
constexpr std::string_view kReply =
    R"({"id":"c1","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7}})";

std::string refusal(std::string_view status, std::string_view field = "") {
    return "HTTP/1.1 " + std::string(status) + "\r\nContent-Type: application/json\r\n" +
           std::string(field) + "Content-Length: 2\r\n\r\n{}";
}

class Attempts : public ProxyFixture {
protected:
    void SetUp() override {
        ProxyFixture::SetUp();
        parts_.limits.retries = {.retries_max = 2, .first_wait = 1us};
    }

    /// From now on the provider gives these answers, one a request, then kReply; an empty one: it
    /// hangs up.
    void answer(std::vector<std::string> answers) {
        {
            const std::lock_guard lock(mutex_);
            answers_ = std::move(answers);
            heard_.clear();
        }
        if (imposter_ == nullptr) start([this](test::Peer& peer) { serve(peer); });
    }
    size_t requests() {
        const std::lock_guard lock(mutex_);
        return heard_.size();
    }
    bool all_requests_are_one() {
        const std::lock_guard lock(mutex_);
        return std::set(heard_.begin(), heard_.end()).size() == 1;
    }

private:
    void serve(test::Peer& peer) {
        for (;;) {
            const std::string request = peer.hear_answer();
            if (request.empty()) return;
            std::string bytes = json_answer(kReply);
            {
                const std::lock_guard lock(mutex_);
                if (heard_.size() < answers_.size()) bytes = answers_[heard_.size()];
                heard_.push_back(request);
            }
            if (bytes.empty() || !peer.say(bytes)) return;
        }
    }

    std::mutex mutex_;
    std::vector<std::string> answers_;
    std::vector<std::string> heard_;
};

TEST_F(Attempts, WhatMayPassIsAskedForAgain) {
    for (const char* status : {"429 Too Many", "500 Oh", "503 Busy", "529 Overloaded"}) {
        SCOPED_TRACE(status);
        answer({refusal(status), refusal(status)});
        const std::string got = chat(kChat);
        EXPECT_TRUE(got.ends_with(kReply)) << got;
        EXPECT_EQ(field(got, "x-keywarden-attempts"), "3");
        EXPECT_EQ(requests(), 3U);
        EXPECT_TRUE(all_requests_are_one()) << "to the byte";
    }
}

TEST_F(Attempts, ARefusalThatHasComeWholeKeepsItsConnection) {
    answer({refusal("503 A"), refusal("503 B")});
    EXPECT_EQ(status(chat(kChat)), 200);
    EXPECT_EQ(imposter_->connections(), 1U);
}

TEST_F(Attempts, AreBounded) {
    answer({refusal("503 A"), refusal("503 B"), refusal("503 C")});
    const std::string got = chat(kChat);
    EXPECT_EQ(status(got), 503);
    EXPECT_EQ(requests(), 3U);
}

TEST_F(Attempts, ARequestThatMayHaveBeenWorkedOnIsNeverSentTwice) {
    answer({""});
    EXPECT_EQ(status(chat(kChat)), 502);
    EXPECT_EQ(requests(), 1U);
}

TEST_F(Attempts, WhatTheCallerDidWrongIsNotAskedAgain) {
    for (const char* status : {"400 Bad", "404 None", "409 Conflict", "422 No", "501 Not"}) {
        answer({refusal(status)});
        chat(kChat);
        EXPECT_EQ(requests(), 1U) << status;
    }
}

TEST_F(Attempts, TheProviderSaysWhenAndWhether) {
    for (const char* says : {"Retry-After: 6\r\n",
                             "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n",
                             "x-should-retry: false\r\n"}) {
        answer({refusal("429 Too Many", says)});
        const std::string got = chat(kChat);
        EXPECT_EQ(status(got), 429) << says;
        EXPECT_NE(got.find(says), std::string::npos) << "it is told to the client";
        EXPECT_EQ(requests(), 1U) << says;
    }
    answer({refusal("429 Too Many", "Retry-After: 0\r\n")});
    EXPECT_EQ(status(chat(kChat)), 200);
}

TEST_F(Attempts, EndWithTheTimeForThem) {
    parts_.limits.retries.first_wait = 1h;
    parts_.limits.retries.within = 1s;
    answer({refusal("503 Busy")});
    EXPECT_EQ(status(chat(kChat)), 503);
    EXPECT_EQ(requests(), 1U);
}

TEST_F(Attempts, AStreamThatBeganIsNotBegunAgain) {
    start([](test::Peer& peer) {
        peer.hear_answer();
        peer.say(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 99\r\n\r\n"
            "data: {}\n\n");
    });
    test::Peer peer = connect();
    peer.say(post("/v1/chat/completions", secret(), R"({"model":"gpt-4o","stream":true})"));
    const std::string got = peer.hear_until("\r\n0\r\n\r\n");
    EXPECT_EQ(field(got, "x-keywarden-attempts"), "1");
    EXPECT_NE(got.find("data: {}"), std::string::npos) << got;
    EXPECT_EQ(imposter_->connections(), 1U);
}

TEST_F(Attempts, AFormIsSentOnce) {
    answer({refusal("503 Busy")});
    const std::string body =
        "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\ngpt-4o\r\n--b--\r\n";
    const std::string got =
        ask("POST /v1/audio/transcriptions HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer " +
            std::string(secret()) +
            "\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: " +
            std::to_string(body.size()) + "\r\n\r\n" + body);
    EXPECT_EQ(status(got), 503);
    EXPECT_EQ(requests(), 1U);
}

TEST_F(Attempts, OfACallThatNobodyWaitsForThereIsNoOther) {
    parts_.limits.retries = {.retries_max = 9, .within = 1h, .first_wait = 30ms};
    answer(std::vector<std::string>(9, refusal("503 Busy")));
    {
        test::Peer peer = connect();
        peer.say(post("/v1/chat/completions", secret(), kChat));
        while (requests() == 0) std::this_thread::yield();
    }
    EXPECT_TRUE(row(1).ends_with(" left")) << row(1);
    EXPECT_LT(requests(), 4U);
}

TEST_F(Attempts, OneCallIsOneHoldAndOneRow) {
    charge_calls();
    answer({refusal("503 Busy")});
    EXPECT_EQ(status(chat(kChat)), 200);
    row(1);
    money_->journal->sync();
    const auto& rows = money_->journal->next_batch(100).rows;
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].attempts, 2);
    EXPECT_EQ(rows[0].usage.output, 7);
}

TEST_F(Attempts, AProviderThatIsDownIsLeftAloneAfterFailuresInARow) {
    parts_.limits.breaker = {.failures_max = 6, .rest = 1h};
    {
        const Imposter gone([](test::Peer&) {});
        add_provider("up", gone.port(), {{"gpt-4o", ""}});
    }
    imposter_ = std::make_unique<Imposter>(Imposter::answers(json_answer(kReply)));
    add_provider("other", imposter_->port(), {{"small", ""}});
    start();
    for (int i = 0; i < 2; ++i) {  // of three attempts each
        EXPECT_EQ(chat(kChat).find("left alone"), std::string::npos);
    }
    const std::string got = chat(kChat);
    EXPECT_EQ(status(got), 502);
    EXPECT_NE(got.find("left alone"), std::string::npos) << got;
    EXPECT_EQ(field(got, "Retry-After"), "3600");
    EXPECT_EQ(status(chat(R"({"model":"small","messages":[]})")), 200) << "it is another's breaker";
}

TEST_F(Attempts, AProviderThatIsBackIsNoticed) {
    parts_.limits.retries = {};
    parts_.limits.breaker = {.failures_max = 2, .rest = 20ms};
    answer({refusal("503 A"), refusal("503 B")});
    EXPECT_EQ(status(chat(kChat)), 503);
    EXPECT_EQ(status(chat(kChat)), 503);
    while (status(chat(kChat)) != 200) std::this_thread::yield();
    EXPECT_EQ(requests(), 3U) << "while it rests nothing is sent";
}

TEST_F(Attempts, ARequestThatBreaksAProviderClosesItToNobody) {
    parts_.limits.retries = {};
    parts_.limits.breaker = {.failures_max = 1, .rest = 1h};
    answer({refusal("500 Broken")});
    EXPECT_EQ(status(chat(kChat)), 502);
    EXPECT_EQ(status(chat(kChat)), 200);
}

TEST_F(Attempts, AProviderMayHaveTimesOfItsOwn) {
    imposter_ = std::make_unique<Imposter>([](test::Peer& peer) {
        peer.hear_answer();
        peer.hear_all();
    });
    add_provider("up", imposter_->port(), {{"gpt-4o", ""}});
    parts_.providers.front().timeouts.first_byte = 20ms;
    start();
    EXPECT_EQ(status(chat(kChat)), 504);
}

}  // namespace
}  // namespace keywarden
