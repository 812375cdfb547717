// What the journal asks of a disk. Tests bring one that fails, or whose power is cut.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace keywarden {

/// A file that lies in memory: what is written there is the process's to forget, not the file's.
class JournalFile {
public:
    virtual ~JournalFile() = default;
    virtual std::span<std::byte> bytes() = 0;
    /// Its first `until` bytes are on the disk when this returns. After an error nothing is sure of
    /// what was written since the last time, whatever a later call says. Threads: any.
    virtual Result<void> sync(size_t until) = 0;
};

/// A folder of such files. Errors of all functions: LedgerUnavailable, which says what the machine
/// said of which file. Threads: any.
class JournalDisk {
public:
    struct Entry {
        std::string name{};
        size_t bytes = 0;
    };

    virtual ~JournalDisk() = default;

    /// Makes the folder where there is none.
    virtual Result<void> make_folder() = 0;
    virtual Result<std::vector<Entry>> list() = 0;
    /// Makes a file of zeros that has all its room on the disk. There is none after an error.
    virtual Result<std::unique_ptr<JournalFile>> create(const std::string& name, size_t bytes) = 0;
    /// Reads all of it into `out`.
    virtual Result<void> read(const std::string& name, std::vector<std::byte>& out) = 0;
    virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
    /// Gives it a second name, which may be there already.
    virtual Result<void> link(const std::string& name, const std::string& also) = 0;
    virtual Result<void> remove(const std::string& name) = 0;
    /// Removes what nobody needs. Where that fails, a start tries it again.
    void try_to_remove(const std::string& name) {
        [[maybe_unused]] const auto removed = remove(name);
    }
    /// What was made, renamed, and removed until now stays so.
    virtual Result<void> sync_names() = 0;
    /// Which start of the machine this is: another one may have lost what was not synced.
    virtual std::array<uint8_t, 16> machine() = 0;
};

std::unique_ptr<JournalDisk> make_machine_disk(std::string folder);

}  // namespace keywarden
