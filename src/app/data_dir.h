// The folder a gateway lives in: one process at a time, and nobody else's business.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace keywarden {

/// Held as long as the gateway runs; destroying it lets another process in.
class DataDir {
public:
    /// Makes the folder (0700) when it is not there, and locks it.
    /// Errors: StartupFailed, which says what is wrong: no folder, not ours, writable by others,
    /// read-only, or in use by another gateway.
    static Result<DataDir> open(const std::string& path);

    DataDir(DataDir&& other) noexcept : path_(std::move(other.path_)), lock_(other.lock_) {
        other.lock_ = -1;
    }
    DataDir& operator=(DataDir&&) = delete;
    DataDir(const DataDir&) = delete;
    DataDir& operator=(const DataDir&) = delete;
    ~DataDir();

    const std::string& path() const { return path_; }
    std::string file(std::string_view name) const;

private:
    DataDir(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

    std::string path_;
    int lock_;
};

inline constexpr std::string_view kDatabaseName = "keywarden.db";
inline constexpr std::string_view kJournalName = "journal";  // a folder
inline constexpr std::string_view kMasterKeyName = "master.key";
inline constexpr std::string_view kNextMasterKeyName = "master.key.next";
inline constexpr std::string_view kPepperName = "pepper";

/// Whether there is a file of that name. A broken link counts as one.
bool file_exists(const std::string& path);

/// The 32 bytes of a file that write_secret_file wrote.
/// Errors: StartupFailed when it is not a regular file of ours that only we can read, or does not
/// hold 64 hexadecimal digits.
Result<Secret> read_secret_file(const std::string& path);

/// Makes a file of 32 random bytes, as 64 hexadecimal digits, with mode 0600. It is there whole
/// or not at all, also after a power failure.
/// Errors: StartupFailed.
Result<void> write_secret_file(const std::string& path);

/// Gives the file another name, instead of what had it. Whole or not at all, also after a power
/// failure. Errors: StartupFailed.
Result<void> replace_file(const std::string& from, const std::string& to);

/// Why others could get at the file, or nothing: "mode 0644 lets others read it".
std::string why_too_open(const std::string& path);

}  // namespace keywarden
