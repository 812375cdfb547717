// A journal on a disk in memory, with calls to write to it.
#pragma once

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/id.h"
#include "domain/call_id.h"
#include "store/journal.h"
#include "store/journal/fake_disk.h"

namespace keywarden::test {

inline constexpr TimePoint kNoon{std::chrono::hours(24 * 365 * 56)};
inline constexpr CostSoFar kCheap{.before_output = {1000}, .million_output_tokens = {2'500'000}};

inline CallId id_of(uint64_t number) {
    CallId id{};
    std::memcpy(id.data() + 8, &number, sizeof number);
    return id;
}
inline uint64_t number_of(const CallId& id) {
    uint64_t number = 0;
    std::memcpy(&number, id.data() + 8, sizeof number);
    return number;
}

inline CallRecord call(uint64_t number) {
    CallRecord out{.id = id_of(number), .admitted_at = kNoon, .ended_at = kNoon};
    out.team_id = "team_a";
    out.key_id = "key_b";
    out.provider = "openai";
    out.model = "gpt-5";
    out.route = "/v1/chat/completions";
    out.held = {1'000'000};
    return out;
}
inline CallRecord ended(uint64_t number) {
    CallRecord out = call(number);
    out.cost = {static_cast<int64_t>(number)};
    out.status = 200;
    out.usage = {.input = 10, .output = 5};
    return out;
}

/// A row as a test keeps it.
struct KeptRow {
    CallOutcome outcome{};
    UsageBasis basis{};
    NanoUsd cost{};
    friend bool operator==(const KeptRow&, const KeptRow&) = default;
};
inline KeptRow kept(const CallRecord& record) {
    return {.outcome = record.outcome, .basis = record.basis, .cost = record.cost};
}

/// What a store keeps: rows by id, and how far it came. The oracle of these tests: a row that comes
/// a second time is `twice`, which a real store would not mind.
struct Books {
    std::map<uint64_t, KeptRow> rows{};
    std::vector<JournalPosition> positions{};
    int64_t twice = 0;

    void add(const CallRecord& record) {
        twice += rows.try_emplace(number_of(record.id), kept(record)).second ? 0 : 1;
    }
    /// Takes one batch. Returns how many rows.
    size_t apply_some(Journal& journal, size_t rows_max) {
        const Journal::Batch& batch = journal.next_batch(rows_max);
        const size_t taken = batch.rows.size();
        for (const CallRecord& row : batch.rows) add(row);
        for (const JournalPosition& position : batch.positions) {
            forget(position.segment);
            positions.push_back(position);
        }
        for (const std::string& gone : journal.applied()) forget(gone);
        return taken;
    }
    /// Takes all that there is. Returns how many rows.
    size_t apply(Journal& journal, size_t rows_max = 2000) {
        journal.sync();
        size_t count = 0;
        for (size_t taken = 1; taken > 0; count += taken) taken = apply_some(journal, rows_max);
        return count;
    }

private:
    void forget(const std::string& segment) {
        std::erase_if(positions, [&](const auto& each) { return each.segment == segment; });
    }
};

class JournalTest : public testing::Test {
protected:
    /// `each` of what it finds goes to `found_`.
    std::unique_ptr<Journal> open(FakeDisk& disk, const Books& books = {}) {
        options_.disk = &disk;
        found_ = {};
        auto opened = Journal::open(
            options_, books.positions, [this](const CallRecord& row) { found_.add(row); }, kNoon);
        EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
        return opened ? *std::move(opened) : nullptr;
    }

    JournalOptions options_{.segment_bytes = kSegment, .bytes_max = 64 * kSegment};
    Books found_;
    FakeDisk disk_;

    static constexpr size_t kSegment = size_t{64} << 10U;
};

}  // namespace keywarden::test
