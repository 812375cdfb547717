// Named moments at which a test ends the process, to see what the next one makes of what is left.
// They are asserts of a kind: where NDEBUG is defined, as in a release, nothing of them is there.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <iterator>
#include <string_view>

namespace keywarden {

/// A row each. src/store/journal/journal_kill_test.cc dies at those of the journal,
/// tests/kill at those that a gateway comes by.
inline constexpr std::string_view kFailpoints[] = {
    "call.held",                // in memory; the journal has no word of it
    "call.opened",              // in the journal; nothing has gone upstream
    "call.sent",                // noted, and about to go
    "call.progress",            // more of a stream was noted, and not passed on
    "call.closed",              // the journal has its row, memory has its hold
    "journal.hold_written",     // all of the frame but its head
    "journal.end_written",      // the same of the row
    "journal.carrying",         // some open holds stand in the next segment, others do not
    "journal.moved",            // all do; the segment is in no list
    "journal.segment_made",     // a file of zeros
    "journal.segment_headed",   // its header is there, its name may not be
    "journal.synced",           // on the disk, and nobody knows
    "journal.repaired",         // written anew beside, after its sync had failed
    "journal.renamed",          // and put in its place
    "journal.deleted",          // a segment whose rows are in the store
    "recovery.read",            // all segments; open holds are known
    "recovery.closes_written",  // not on the disk
    "recovery.closed",          // on the disk; no call was taken
    "applier.read",             // a batch
    "applier.applied",          // the store has it, the journal does not know
    "applier.deleted",          // segments; the store knows of them still
    "store.changing",           // a change and its row of the audit log, in an open transaction
    "store.changed",            // that is on the disk, and nobody was told
    "store.applied",            // rows, sums, and positions, the same
};

/// A place in the table. A name that is not there does not compile.
struct Failpoint {
    consteval Failpoint(const char* name) {  // NOLINT(google-explicit-constructor): reads as a name
        while (kFailpoints[number] != name) ++number;
    }
    size_t number = 0;
};

#ifdef NDEBUG
constexpr void failpoint(Failpoint) {}
#else
/// What a test does at each of them. Null: nothing.
inline std::atomic<void (*)(size_t number)>& failpoint_hook() {
    static std::atomic<void (*)(size_t)> hook{nullptr};
    return hook;
}
inline void failpoint(Failpoint at) {
    if (auto* const hook = failpoint_hook().load(std::memory_order_relaxed)) hook(at.number);
}
#endif

}  // namespace keywarden
