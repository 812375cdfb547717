// CRC-32C: whether bytes are still what was written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace keywarden {

/// The checksum of iSCSI, ext4, and many journals, by the processor's own instruction where it has
/// one. `before`: of the bytes that come before these, or what two parties agreed to begin with.
/// It finds accidents, not forgery. Threads: any. Allocates nothing.
/// Source: RFC 3720, section 12.1 and appendix B.4.
uint32_t crc32c(std::span<const std::byte> bytes, uint32_t before = 0);

/// The same without the instruction: what crc32c is held to, and where it ends up without one.
uint32_t crc32c_by_table(std::span<const std::byte> bytes, uint32_t before = 0);

}  // namespace keywarden
