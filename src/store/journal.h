// The journal: what every call holds and comes to, on the disk before the call goes on.
//
// Each thread that takes calls appends to segments of its own, which are mapped into memory: what
// is written there survives the death of the process without a system call. One applier moves the
// rows into the store; recovery closes what a dead process left open. docs/reference/ledger.md
// says how a segment looks and what it promises.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "domain/call_record.h"
#include "store/usage_store.h"

namespace keywarden {

enum class Durability : uint8_t {
    Process,  // survives the death of the process; of the machine, but for the last second or so
    Power,    // a call goes upstream only once what it holds is on the disk
};

class JournalDisk;

struct JournalOptions {
    std::string dir{};
    size_t writers = 1;
    size_t segment_bytes = size_t{16} << 20U;  // at most a quarter of what is there for a writer
    size_t bytes_max = size_t{1} << 30U;       // of all segments together; then calls are refused
    Durability durability = Durability::Process;
    JournalDisk* disk = nullptr;  // null: the machine's; tests bring one that fails
};

/// What a call is charged if the process dies under it, once tokens have come: `before_output` and
/// so much for each token, rounded up, and never more than it held. Markup included.
struct CostSoFar {
    NanoUsd before_output{};
    NanoUsd million_output_tokens{};
};

class JournalWriter;

/// A hold that stands in the journal and is not closed yet. Belongs to the writer's thread.
/// Whoever has one closes it: the destructor asserts it.
class OpenHold {
public:
    OpenHold() = default;
    OpenHold(OpenHold&& other) noexcept;
    OpenHold& operator=(OpenHold&& other) noexcept;
    OpenHold(const OpenHold&) = delete;
    OpenHold& operator=(const OpenHold&) = delete;
    ~OpenHold();

    bool is_open() const;

    /// Something of the request has gone out: from now on the call may cost. One store to memory.
    void note_sent();
    /// So many tokens have come so far: what is charged if the process dies now. A store to memory.
    void note_progress(uint32_t output_tokens);

private:
    friend class JournalWriter;
    class Slot;
    Slot* slot_ = nullptr;
};

/// Threads: the one it was given to, but for what Journal does with it.
class JournalWriter {
public:
    /// Writes what the call holds: `record` with everything that is known of it before it goes
    /// upstream (`usage.input` as estimated, if it is). Its views are copied. Room for its end is
    /// set aside with it, so that closing never fails. Allocates nothing in the steady state.
    /// Errors: LedgerUnavailable when the journal is full or its disk fails (retry_after is set).
    Result<OpenHold> open(const CallRecord& record, const CostSoFar& so_far);

    /// Writes how it ended. Never fails, never blocks.
    void close(OpenHold&& hold, const CallRecord& record);

    /// Whether what was opened so far is as durable as the journal promises. Always so with
    /// Durability::Process.
    bool is_durable() const;
    /// Calls `then(true)` from another thread once everything opened so far is on the disk, or
    /// `then(false)` when the disk refused it. Requires: something was opened.
    void when_durable(std::function<void(bool)> then);

    ~JournalWriter();

private:
    friend class Journal;
    friend class OpenHold;
    class Impl;
    explicit JournalWriter(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// What a start found in the journal of the process before.
struct JournalRecovery {
    int64_t rows = 0;          // that the store did not have yet
    int64_t holds_closed = 0;  // that were left open
    int64_t frames_damaged = 0;
    std::vector<std::string> damaged_files{};  // kept beside, under these names, for a person
    Nanos duration{};
};

/// What the journal holds, for `doctor`, metrics, and the status page.
struct JournalState {
    size_t segments = 0;
    size_t bytes = 0;  // on the disk
    size_t bytes_max = 0;
    int64_t rows_waiting = 0;                   // not in the store yet
    std::optional<TimePoint> oldest_waiting{};  // when the oldest that the applier was given ended
    bool failing = false;                       // the disk refuses, and so does the journal
};

/// What `doctor` sees of a journal from outside.
struct JournalReport {
    size_t segments = 0;
    size_t bytes = 0;
    int64_t rows_waiting = 0;                  // not in the store yet
    std::vector<std::string> damaged_files{};  // that recoveries kept for a person
};

/// Reads through a journal, also one in use, and changes nothing. No folder is an empty one.
/// Errors: LedgerUnavailable: it cannot be read.
Result<JournalReport> examine_journal(const std::string& dir,
                                      std::span<const JournalPosition> applied);

class Journal {
public:
    /// Opens the folder, reads what a process before has left, closes its open holds (voided where
    /// nothing had gone out, expired otherwise), and calls `each` for every row that is not in the
    /// store as `applied` says: what memory must count before the first call. 10^6 rows in under a
    /// second.
    /// Errors: StartupFailed: the folder cannot be used, or a segment is of a newer version.
    /// Damaged frames are no error: they are counted and said, and their file is kept.
    static Result<std::unique_ptr<Journal>> open(const JournalOptions& options,
                                                 std::span<const JournalPosition> applied,
                                                 const std::function<void(const CallRecord&)>& each,
                                                 TimePoint now);
    ~Journal();
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    const JournalRecovery& recovery() const;
    JournalWriter& writer(size_t number);
    /// Threads: any.
    JournalState state() const;
    /// Brings everything that was written to the disk now, and so to the applier, rather than
    /// within the half second. Threads: any.
    void sync();

    // ---- for the applier: one thread ----------------------------------------------------------

    /// Gives the next rows that the store does not have, at most `rows_max`, and how far the
    /// segments have come with them. The views live until the next call.
    struct Batch {
        std::vector<CallRecord> rows{};
        std::vector<JournalPosition> positions{};
    };
    const Batch& next_batch(size_t rows_max);
    /// The last batch is in the store, on the disk. Returns segments that nothing needs any more
    /// and that are deleted now: the store may forget their positions.
    std::vector<std::string> applied();
    /// Waits until there is something to apply, at most `at_most`. Threads: the applier's.
    void wait(Nanos at_most);
    /// Ends that wait, or the next one. Threads: any.
    void wake();

private:
    class Impl;
    explicit Journal(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace keywarden
