// A segment of the journal while a process has to do with it.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "store/journal/disk.h"
#include "store/journal/frame.h"

namespace keywarden {

struct JournalSegment {
    SegmentId id{};
    std::string name{};
    uint32_t salt = 0;
    size_t bytes = 0;  // of its file

    // Null where an earlier process left it. Changed under the list's mutex only.
    std::shared_ptr<JournalFile> file{};

    // Written by the writer's thread, read by all.
    std::atomic<size_t> end{kSegmentHeaderBytes};  // of its last frame
    std::atomic<bool> finished = false;            // the writer has moved on
    std::atomic<bool> touched = false;             // something was written since the last sync
    size_t carried_end = kSegmentHeaderBytes;  // of what it was begun with; set before it is seen

    // Written by the thread that syncs.
    std::atomic<size_t> synced{kSegmentHeaderBytes};
    std::atomic<bool> failed = false;  // a sync has; nothing more goes here

    // Of the applier's thread.
    size_t applied = kSegmentHeaderBytes;  // the store has what is before it
    size_t read = kSegmentHeaderBytes;     // as far as the last batch goes
    std::vector<std::byte> content{};      // of one without a file, while it is being applied
    bool is_unkept = false;                // damaged, and there is no copy of it for a person yet

    bool is_done() const { return finished && !failed && applied >= end; }
};

}  // namespace keywarden
