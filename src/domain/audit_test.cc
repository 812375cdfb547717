#include "domain/audit.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

AuditEntry entry(std::string action = "key.create") {
    return {.at = TimePoint(std::chrono::seconds(1'767'225'600)),
            .tenant = "t_1",
            .actor = {"user", "u_1"},
            .action = std::move(action),
            .target = {"key", "k_1"}};
}

std::vector<AuditRow> log_of(int rows) {
    std::vector<AuditRow> log;
    AuditHead head;
    for (int i = 0; i < rows; ++i) {
        AuditEntry next = entry();
        next.diff = {{"rpm", int64_t{i}, int64_t{i + 1}}};
        log.push_back(next_row(head, next));
        head = chained(head, log.back().canonical);
    }
    return log;
}

/// The row at which the log is broken, or -1.
int64_t broken_at(const std::vector<AuditRow>& log, const std::string& tenant = "t_1") {
    AuditVerifier verifier(tenant);
    for (const AuditRow& row : log) {
        const Result<void> added = verifier.add(row);
        if (!added) return std::get<int64_t>(added.error().facts.at(0).value);
    }
    return -1;
}

TEST(Audit, ARowHasOneFormAsBytes) {
    EXPECT_EQ(
        canonical(entry()),
        R"({"action":"key.create","actor":{"id":"u_1","type":"user"},"outcome":"ok","seq":0,)"
        R"("target":{"id":"k_1","type":"key"},"tenant":"t_1","ts":"2026-01-01T00:00:00.000Z"})");
}

TEST(Audit, ChangesAreSortedAndOfEveryKind) {
    AuditEntry some = entry();
    some.diff = {{"models", std::monostate(), std::vector<std::string>{"a", "b\""}},
                 {"enabled", true, false},
                 {"name", std::string("old"), std::string("n\xc3\xa4w\n")},
                 {"limit", int64_t{-5}, int64_t{1} << 60}};
    some.reason = "because";
    some.address = "192.0.2.1";
    some.request_id = "r";
    EXPECT_EQ(canonical(some),
              R"({"action":"key.create","actor":{"id":"u_1","type":"user"},"address":"192.0.2.1",)"
              R"("diff":{"enabled":[true,false],"limit":[-5,"1152921504606846976"],)"
              R"("models":[null,["a","b\""]],"name":["old","näw\n"]},"outcome":"ok",)"
              R"("reason":"because","request_id":"r","seq":0,"target":{"id":"k_1","type":"key"},)"
              R"("tenant":"t_1","ts":"2026-01-01T00:00:00.000Z"})");
}

// The three that JSON writers differ in, and bytes that are no text.
TEST(Audit, TextIsEscapedAsRfc8785Says) {
    AuditEntry odd = entry();
    odd.reason = std::string("\b\f\x7f/\x01\xff\\", 7);
    EXPECT_NE(canonical(odd).find("\"reason\":\"\\b\\f\x7f/\\u0001\xef\xbf\xbd\\\\\""),
              std::string::npos)
        << canonical(odd);
    EXPECT_EQ(canonical(entry("")).substr(0, 13), R"({"action":"",)");
}

TEST(Audit, AnUntouchedLogIsWhole) {
    EXPECT_EQ(broken_at(log_of(20)), -1);
    EXPECT_EQ(broken_at({}), -1);
}

TEST(Audit, ARemovedAddedOrMovedRowIsFound) {
    std::vector<AuditRow> log = log_of(6);
    log.erase(log.begin() + 2);
    EXPECT_EQ(broken_at(log), 2);
    log = log_of(6);
    log.insert(log.begin() + 3, log[2]);
    EXPECT_EQ(broken_at(log), 3);
    log = log_of(6);
    std::swap(log[1], log[4]);
    EXPECT_EQ(broken_at(log), 1);
    std::swap(log[1].seq, log[4].seq);
    EXPECT_EQ(broken_at(log), 1);
}

TEST(Audit, AnotherTeamsLogIsNotOurs) { EXPECT_EQ(broken_at(log_of(3), "t_2"), 0); }

TEST(Audit, AChangeNamedSeqDoesNotPassForTheRowsOwn) {
    AuditEntry tricky = entry();
    tricky.diff = {{"seq", int64_t{7}, int64_t{8}}};
    tricky.reason = R"(,"seq":7,"target":)";
    AuditRow row = next_row({}, tricky);
    EXPECT_EQ(broken_at({row}), -1);
    row.seq = 7;
    AuditVerifier verifier("t_1");
    EXPECT_FALSE(verifier.add(row));
}

TEST(Audit, ACutEndShowsInTheHeadOnly) {
    const std::vector<AuditRow> log = log_of(5);
    AuditVerifier whole("t_1");
    AuditVerifier cut("t_1");
    for (const AuditRow& row : log) {
        ASSERT_TRUE(whole.add(row));
        if (row.seq < 4) ASSERT_TRUE(cut.add(row));
    }
    EXPECT_NE(whole.head(), cut.head());
    EXPECT_EQ(cut.head().next_seq, 4);
}

TEST(Audit, EveryFlippedBitIsFound) {
    const uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const std::vector<AuditRow> log = log_of(10);
    for (int round = 0; round < 2000; ++round) {
        std::vector<AuditRow> altered = log;
        AuditRow& row = altered[random() % altered.size()];
        const auto bit = static_cast<uint8_t>(1U << random() % 8);
        if (random() % 2 == 0) {
            row.chain[random() % row.chain.size()] ^= bit;
        } else {
            char& c = row.canonical[random() % row.canonical.size()];
            c = static_cast<char>(c ^ static_cast<char>(bit));
        }
        ASSERT_EQ(broken_at(altered), row.seq);
    }
}

}  // namespace
}  // namespace keywarden
