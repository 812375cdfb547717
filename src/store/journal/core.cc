#include "store/journal/core.h"

#include <bit>
#include <utility>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/failpoint.h"

namespace keywarden {

Result<std::shared_ptr<JournalSegment>> JournalCore::make_segment(const SegmentId& id,
                                                                  size_t size) {
    auto segment = std::make_shared<JournalSegment>();
    segment->id = id;
    segment->name = segment_name(id);
    segment->bytes = size;
    std::array<uint8_t, sizeof segment->salt> salt{};
    random_bytes(salt);
    segment->salt = std::bit_cast<uint32_t>(salt);
    TRY(segment->file, disk->create(segment->name, size));
    failpoint("journal.segment_made");
    write_header({.epoch = id.epoch,
                  .writer = id.writer,
                  .salt = segment->salt,
                  .sequence = id.sequence,
                  .created_at = system_clock().now().time_since_epoch().count(),
                  .machine = machine},
                 segment->file->bytes());
    auto made = segment->file->sync(size);
    failpoint("journal.segment_headed");
    if (made) made = disk->sync_names();
    if (!made) {
        disk->try_to_remove(segment->name);
        return std::unexpected(std::move(made).error());
    }
    bytes += size;
    return segment;
}

}  // namespace keywarden
