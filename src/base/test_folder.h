// For tests: a folder of one's own, gone with this.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace keywarden::test {

class Folder {
public:
    Folder() {
        std::string made = (std::filesystem::temp_directory_path() / "keywarden-XXXXXX").string();
        if (::mkdtemp(made.data()) == nullptr) std::abort();
        path_ = made;
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace keywarden::test
