#include "app/data_dir.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"

namespace keywarden {
namespace {

constexpr size_t kSecretBytes = 32;
constexpr mode_t kOthersMayWrite = S_IWGRP | S_IWOTH;
constexpr mode_t kOthersMayAnything = S_IRWXG | S_IRWXO;

std::unexpected<Error> failed(std::string message) {
    return fail(ErrorCode::StartupFailed, std::move(message));
}

std::unexpected<Error> failed_to(std::string_view what, const std::string& path) {
    return failed(fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)));
}

/// Closes a descriptor on every way out.
class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }

private:
    int fd_;
};

Result<void> check_folder(const std::string& path) {
    struct stat facts{};
    if (::stat(path.c_str(), &facts) != 0) return failed_to("use", path);
    if (!S_ISDIR(facts.st_mode)) return failed(fmt::format("{} is not a folder", path));
    if (facts.st_uid != ::geteuid()) {
        return failed(
            fmt::format("{} belongs to user {}, and this is user {}: run as its owner, "
                        "or change it with chown",
                        path,
                        facts.st_uid,
                        ::geteuid()));
    }
    if ((facts.st_mode & kOthersMayWrite) != 0) {
        return failed(fmt::format("{} has mode {:04o}, so others may write in it: chmod 700 {}",
                                  path,
                                  facts.st_mode & 07777U,
                                  path));
    }
    return {};
}

Result<void> write_all(int fd, std::string_view text, const std::string& path) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return failed_to("write", path);
        text.remove_prefix(static_cast<size_t>(written));
    }
    return {};
}

Result<void> sync_folder_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    const std::string folder = slash == path.npos ? "." : path.substr(0, slash + 1);
    const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0 || ::fsync(fd.get()) != 0) return failed_to("write", folder);
    return {};
}

}  // namespace

Result<DataDir> DataDir::open(const std::string& path) {
    if (::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) return failed_to("make", path);
    TRY_VOID(check_folder(path));
    if (::access(path.c_str(), W_OK) != 0) return failed_to("write in", path);
    Descriptor lock(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (lock.get() < 0) return failed_to("open", path);
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        return failed(
            fmt::format("{} is in use by another gateway: stop it, or choose another "
                        "folder with --data-dir",
                        path));
    }
    return DataDir(path, lock.release());
}

DataDir::~DataDir() {
    if (lock_ >= 0) ::close(lock_);
}

std::string DataDir::file(std::string_view name) const { return fmt::format("{}/{}", path_, name); }

bool file_exists(const std::string& path) {
    struct stat facts{};
    return ::lstat(path.c_str(), &facts) == 0;
}

std::string why_too_open(const std::string& path) {
    struct stat facts{};
    if (::stat(path.c_str(), &facts) != 0) return {};
    if ((facts.st_mode & kOthersMayAnything) == 0) return {};
    return fmt::format("mode {:04o} lets others at it", facts.st_mode & 07777U);
}

Result<Secret> read_secret_file(const std::string& path) {
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    struct stat facts{};
    if (fd.get() < 0 || ::fstat(fd.get(), &facts) != 0) return failed_to("read", path);
    if (!S_ISREG(facts.st_mode)) return failed(fmt::format("{} is not a file", path));
    if (facts.st_uid != ::geteuid()) {
        return failed(
            fmt::format("{} belongs to user {}, and this is user {}: change it with chown",
                        path,
                        facts.st_uid,
                        ::geteuid()));
    }
    if ((facts.st_mode & kOthersMayAnything) != 0) {
        return failed(fmt::format("{} has mode {:04o}, so others may get at it: chmod 600 {}",
                                  path,
                                  facts.st_mode & 07777U,
                                  path));
    }
    std::string text(kSecretBytes * 2 + 2, '\0');
    const ssize_t length = ::read(fd.get(), text.data(), text.size());
    text.resize(length > 0 ? static_cast<size_t>(length) : 0);
    if (text.ends_with('\n')) text.pop_back();
    if (text.size() != kSecretBytes * 2 || text.find_first_not_of(kHexLower) != text.npos) {
        return failed(
            fmt::format("{} does not hold {} hexadecimal digits: bring the file back "
                        "from a backup",
                        path,
                        kSecretBytes * 2));
    }
    return Secret(std::move(text));
}

Result<void> write_secret_file(const std::string& path) {
    std::array<uint8_t, kSecretBytes> bytes{};
    random_bytes(bytes);
    const Secret text(to_hex(bytes) + "\n");
    explicit_bzero(bytes.data(), bytes.size());

    const std::string unfinished = path + ".new";
    (void)::unlink(unfinished.c_str());
    const Descriptor fd(::open(unfinished.c_str(),
                               O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                               S_IRUSR | S_IWUSR));
    if (fd.get() < 0) return failed_to("make", unfinished);
    TRY_VOID(write_all(fd.get(), text.reveal(), unfinished));
    if (::fsync(fd.get()) != 0) return failed_to("write", unfinished);
    if (::rename(unfinished.c_str(), path.c_str()) != 0) return failed_to("make", path);
    return sync_folder_of(path);
}

Result<void> replace_file(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) return failed_to("replace", to);
    return sync_folder_of(to);
}

}  // namespace keywarden
