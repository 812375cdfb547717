// Looking at a journal without changing it: for `keywarden doctor`.
#include <algorithm>
#include <filesystem>
#include <system_error>

#include "store/journal.h"
#include "store/journal/disk.h"
#include "store/journal/frame.h"

namespace keywarden {
namespace {

int64_t rows_beyond(std::span<const std::byte> segment, int64_t applied) {
    const auto found = read_header(segment);
    if (!found) return 0;
    const std::optional<SegmentHeader> header = found->header;
    if (!header) return 0;
    const size_t limit = found->is_whole ? frames_limit(segment.size()) : segment.size();
    const auto from = std::max<int64_t>(applied, kSegmentHeaderBytes);
    FrameReader frames(segment.first(limit), header->salt, static_cast<size_t>(from));
    int64_t rows = 0;
    while (const auto frame = frames.next()) rows += frame->type == FrameType::Close ? 1 : 0;
    return rows;
}

}  // namespace

Result<JournalReport> examine_journal(const std::string& dir,
                                      std::span<const JournalPosition> applied) {
    JournalReport report;
    std::error_code ignored;
    if (!std::filesystem::exists(dir, ignored)) return report;
    const auto disk = make_machine_disk(dir);
    TRY(const auto entries, disk->list());
    std::vector<std::byte> content;
    for (const JournalDisk::Entry& entry : entries) {
        if (entry.name.ends_with(kDamagedSuffix)) report.damaged_files.push_back(entry.name);
        if (!segment_id_of(entry.name)) continue;
        ++report.segments;
        report.bytes += entry.bytes;
        if (!disk->read(entry.name, content)) continue;  // a gateway has just deleted it
        const auto position = std::ranges::find(applied, entry.name, &JournalPosition::segment);
        report.rows_waiting +=
            rows_beyond(content, position == applied.end() ? 0 : position->offset);
    }
    std::ranges::sort(report.damaged_files);
    return report;
}

}  // namespace keywarden
