#include "app/limit_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace keywarden {
namespace {

constexpr int kShareOfTime = 20;

std::unexpected<Error> failed(std::string_view what, const std::string& path) {
    return fail(ErrorCode::StartupFailed,
                fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)));
}

/// No power failure is thought of: the file is for the next process, and a minute old at best.
Result<void> write_whole(const std::string& path, std::string_view bytes) {
    const int fd =
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0) return failed("make", path);
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) {
            auto error = failed("write", path);
            ::close(fd);
            return error;
        }
        bytes.remove_prefix(static_cast<size_t>(written));
    }
    ::close(fd);
    return {};
}

}  // namespace

LimitFile::LimitFile(std::string path, LimitCounters& counters, const Clock& clock)
    : path_(std::move(path)), counters_(counters), clock_(clock) {}

Result<void> LimitFile::load() {
    std::ifstream file(path_, std::ios::binary);
    if (!file) {
        if (::access(path_.c_str(), F_OK) != 0) return {};
        return failed("read", path_);
    }
    const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    const Result<void> taken = counters_.restore(bytes, clock_.now(), clock_.mono());
    if (taken) return {};
    return fail(ErrorCode::StartupFailed,
                fmt::format("{} is damaged ({}): limits begin anew", path_, taken.error().detail));
}

Result<void> LimitFile::write(bool at_once) {
    const MonoTime begun = precise_mono();
    if (!at_once && begun < next_) return {};
    if (!counters_.used_since_asked()) return {};
    const std::string unfinished = path_ + ".new";
    TRY_VOID(write_whole(unfinished, counters_.snapshot(clock_.now(), clock_.mono())));
    if (::rename(unfinished.c_str(), path_.c_str()) != 0) return failed("make", path_);
    next_ = begun + kShareOfTime * (precise_mono() - begun);
    return {};
}

}  // namespace keywarden
