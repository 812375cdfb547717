// Files that commands read and write: bounded, and secrets for their owner alone.
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "app/app_host.h"

namespace keywarden {
namespace {

namespace fs = std::filesystem;

class PrivateFiles : public testing::Test {
protected:
    PrivateFiles() {
        std::string made = (fs::temp_directory_path() / "kw_files_XXXXXX").string();
        folder_ = mkdtemp(made.data());
    }
    ~PrivateFiles() override { fs::remove_all(folder_); }

    std::string path(const std::string& name = "f") const { return (folder_ / name).string(); }
    void write(const std::string& text) const { std::ofstream(path()) << text; }

    fs::path folder_;
    Environment environment_;
    AppHost host_{environment_};
};

TEST_F(PrivateFiles, AFileIsReadWithinItsBound) {
    write("12345");
    EXPECT_EQ(host_.read_file(path(), 5), "12345");
    const auto refused = host_.read_file(path(), 4);
    EXPECT_EQ(refused.error().code, ErrorCode::InvalidRequest);
    EXPECT_NE(refused.error().message.find("more than 4 bytes"), std::string::npos);
    EXPECT_FALSE(host_.read_file("/dev/zero", 1000)) << "not to its end";
    const auto missing = host_.read_file(path("none"), 5);
    EXPECT_NE(missing.error().message.find("No such file"), std::string::npos);
    EXPECT_FALSE(host_.read_file(folder_.string(), 5));
}

TEST_F(PrivateFiles, ASecretIsForItsOwnerAlone) {
    const mode_t before = umask(0);
    {
        const auto file = host_.make_private_file(path());
        ASSERT_TRUE(file);
        ASSERT_TRUE((*file)->fill("secret\n"));
    }
    umask(before);
    EXPECT_EQ(fs::status(path()).permissions() & fs::perms::mask, fs::perms(0600));
    EXPECT_EQ(host_.read_file(path(), 100), "secret\n");
}

TEST_F(PrivateFiles, WhatIsThereIsNotWrittenOver) {
    write("kept");
    EXPECT_EQ(host_.make_private_file(path()).error().code, ErrorCode::InvalidRequest);
    fs::create_symlink(path(), folder_ / "link");
    EXPECT_FALSE(host_.make_private_file(path("link"))) << "nor through a link";
    EXPECT_EQ(host_.read_file(path(), 100), "kept");
    EXPECT_FALSE(host_.make_private_file(path("none/f")));
}

TEST_F(PrivateFiles, WhatWasNotFilledIsGone) {
    {
        ASSERT_TRUE(host_.make_private_file(path()));
    }
    EXPECT_FALSE(fs::exists(path()));
}

}  // namespace
}  // namespace keywarden
