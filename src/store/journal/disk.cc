#include "store/journal/disk.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace keywarden {
namespace {

constexpr const char* kMachineFile = "/proc/sys/kernel/random/boot_id";

std::unexpected<Error> failed(std::string_view what, const std::string& path, int error = errno) {
    return fail(ErrorCode::LedgerUnavailable,
                fmt::format("cannot {} {}: {}", what, path, std::strerror(error)));
}

class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) (void)::close(number_);
    }
    int get() const { return number_; }

private:
    int number_;
};

class MappedFile final : public JournalFile {
public:
    MappedFile(std::span<std::byte> bytes, std::string path)
        : bytes_(bytes), path_(std::move(path)) {}
    ~MappedFile() override { (void)::munmap(bytes_.data(), bytes_.size()); }

    std::span<std::byte> bytes() override { return bytes_; }

    // msync of a part leaves alone what has been written into later pages by then.
    Result<void> sync(size_t until) override {
        const size_t length = std::min(until, bytes_.size());
        if (::msync(bytes_.data(), length, MS_SYNC) == 0) return {};
        return failed("sync", path_);
    }

private:
    std::span<std::byte> bytes_;
    std::string path_;
};

int write_zeros(int file, size_t bytes) {
    const std::vector<std::byte> zeros(size_t{1} << 16U);
    while (bytes > 0) {
        const ssize_t written = ::write(file, zeros.data(), std::min(bytes, zeros.size()));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        bytes -= static_cast<size_t>(written);
    }
    return 0;
}

/// Zero, or what went wrong. A file system that cannot set room aside is written to instead.
int allocate(int file, size_t bytes) {
    while (::fallocate(file, 0, 0, static_cast<off_t>(bytes)) != 0) {
        if (errno == EINTR) continue;
        if (errno != EOPNOTSUPP && errno != ENOSYS) return errno;
        return write_zeros(file, bytes);
    }
    return 0;
}

Result<void> sync_folder(const std::string& path) {
    const Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.get() < 0 || ::fsync(folder.get()) != 0) return failed("sync", path);
    return {};
}

class MachineDisk final : public JournalDisk {
public:
    explicit MachineDisk(std::string folder) : folder_(std::move(folder)) {}

    Result<void> make_folder() override {
        if (::mkdir(folder_.c_str(), S_IRWXU) != 0) {
            if (errno == EEXIST) return {};
            return failed("make", folder_);
        }
        return sync_folder(folder_ + "/..");
    }

    Result<std::vector<Entry>> list() override {
        const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(folder_.c_str()), ::closedir);
        if (folder == nullptr) return failed("read", folder_);
        std::vector<Entry> out;
        for (;;) {
            errno = 0;
            const dirent* entry =
                ::readdir(folder.get());  // NOLINT(concurrency-mt-unsafe): its own
            if (entry == nullptr && errno != 0) return failed("read", folder_);
            if (entry == nullptr) return out;
            struct stat facts{};
            const std::string name = static_cast<const char*>(entry->d_name);
            if (::stat(path(name).c_str(), &facts) != 0) return failed("read", path(name));
            if (!S_ISREG(facts.st_mode)) continue;
            out.push_back({.name = name, .bytes = static_cast<size_t>(facts.st_size)});
        }
    }

    Result<std::unique_ptr<JournalFile>> create(const std::string& name, size_t bytes) override {
        const std::string where = path(name);
        const Descriptor file(
            ::open(where.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
        if (file.get() < 0) return failed("make", where);
        const auto give_up = [&](std::string_view what, int error) {
            (void)::unlink(where.c_str());
            return failed(what, where, error);
        };
        if (const int error = allocate(file.get(), bytes); error != 0) {
            return give_up("set room aside for", error);
        }
        void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
        if (memory == MAP_FAILED) return give_up("map", errno);
        return std::make_unique<MappedFile>(std::span(static_cast<std::byte*>(memory), bytes),
                                            where);
    }

    Result<void> read(const std::string& name, std::vector<std::byte>& out) override {
        const std::string where = path(name);
        const Descriptor file(::open(where.c_str(), O_RDONLY | O_CLOEXEC));
        struct stat facts{};
        if (file.get() < 0 || ::fstat(file.get(), &facts) != 0) return failed("read", where);
        out.resize(static_cast<size_t>(facts.st_size));
        size_t begun = 0;
        while (begun < out.size()) {
            const ssize_t got = ::read(file.get(), out.data() + begun, out.size() - begun);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return failed("read", where);
            if (got == 0) out.resize(begun);
            begun += static_cast<size_t>(got);
        }
        return {};
    }

    Result<void> rename(const std::string& from, const std::string& to) override {
        if (::rename(path(from).c_str(), path(to).c_str()) == 0) return {};
        return failed("rename", path(from));
    }

    Result<void> link(const std::string& name, const std::string& also) override {
        if (::link(path(name).c_str(), path(also).c_str()) == 0 || errno == EEXIST) return {};
        return failed("keep", path(name));
    }

    Result<void> remove(const std::string& name) override {
        if (::unlink(path(name).c_str()) == 0 || errno == ENOENT) return {};
        return failed("remove", path(name));
    }

    Result<void> sync_names() override { return sync_folder(folder_); }

    std::array<uint8_t, 16> machine() override {
        std::array<uint8_t, 16> out{};
        const Descriptor file(::open(kMachineFile, O_RDONLY | O_CLOEXEC));
        std::array<char, 36> text{};
        if (file.get() < 0 || ::read(file.get(), text.data(), text.size()) < 0) return out;
        // Any sixteen bytes that differ where the text does.
        for (size_t i = 0; i < text.size(); ++i) {
            out[i % out.size()] = static_cast<uint8_t>(out[i % out.size()] * 31 + text[i]);
        }
        return out;
    }

private:
    std::string path(const std::string& name) const { return folder_ + "/" + name; }

    std::string folder_;
};

}  // namespace

std::unique_ptr<JournalDisk> make_machine_disk(std::string folder) {
    return std::make_unique<MachineDisk>(std::move(folder));
}

}  // namespace keywarden
