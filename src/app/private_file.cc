// Files that commands read and write: a policy, and the secrets of keys that it made.
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <unistd.h>
#include <utility>

#include "app/app_host.h"
#include "net/socket.h"

namespace keywarden {
namespace {

Error explain(ErrorCode code, const std::string& path) {
    return {.code = code, .message = fmt::format("{}: {}", path, std::strerror(errno))};
}

class OwnFile final : public PrivateFile {
public:
    OwnFile(OwnedFd file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
    ~OwnFile() override {
        if (!is_filled_) (void)::unlink(path_.c_str());
    }

    Result<void> fill(std::string_view text) override {
        while (!text.empty()) {
            const ssize_t written = ::write(file_.get(), text.data(), text.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) return fail(explain(ErrorCode::StartupFailed, path_));
            text.remove_prefix(static_cast<size_t>(written));
        }
        if (::fsync(file_.get()) != 0) return fail(explain(ErrorCode::StartupFailed, path_));
        is_filled_ = true;
        return {};
    }

private:
    OwnedFd file_;
    std::string path_;
    bool is_filled_ = false;
};

}  // namespace

Result<std::string> AppHost::read_file(const std::string& path, size_t bytes_max) {
    std::ifstream file(path, std::ios::binary);
    std::string text(bytes_max + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!file.is_open() || file.bad()) return fail(explain(ErrorCode::InvalidRequest, path));
    text.resize(static_cast<size_t>(file.gcount()));
    if (text.size() <= bytes_max) return text;
    return fail(ErrorCode::InvalidRequest,
                fmt::format("{}: has more than {} bytes", path, bytes_max));
}

Result<std::unique_ptr<PrivateFile>> AppHost::make_private_file(const std::string& path) {
    OwnedFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file.get() < 0) return fail(explain(ErrorCode::InvalidRequest, path));
    return std::make_unique<OwnFile>(std::move(file), path);
}

}  // namespace keywarden
