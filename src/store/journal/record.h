// A call's record as bytes: the payload of a frame of the journal.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "domain/call_record.h"

namespace keywarden {

/// No text of a record is longer than this in the journal; the rest of it is cut.
inline constexpr size_t kRecordTextMax = 256;
/// No record is longer. Texts are cut until it is so, in the order of fit_record.
inline constexpr size_t kRecordBytesMax = 4096;

/// How many bytes write_record writes.
size_t record_bytes(const CallRecord& record);

/// The record with its texts cut so that it takes at most `bytes_max`: first the session's name,
/// then tags from the last on, and so forth; never its team, app, or key. Whole characters of UTF-8
/// stay whole. Requires: `bytes_max` is enough for those three.
CallRecord fit_record(CallRecord record, size_t bytes_max);

/// Requires: `to` has room for record_bytes, and no text is longer than kRecordTextMax.
void write_record(const CallRecord& record, std::byte* to);

/// Reads what write_record wrote; its views lie in `bytes`. Nothing where it is not a record.
std::optional<CallRecord> read_record(std::span<const std::byte> bytes);

}  // namespace keywarden
