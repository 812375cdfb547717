#include "app/data_dir.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "base/id.h"

namespace keywarden {
namespace {

class DataDirTest : public testing::Test {
protected:
    DataDirTest() : path_(testing::TempDir() + new_id("data")) {}
    ~DataDirTest() override { std::filesystem::remove_all(path_); }

    std::string in(std::string_view name) const { return path_ + "/" + std::string(name); }
    mode_t mode_of(const std::string& path) const {
        struct stat facts{};
        EXPECT_EQ(::stat(path.c_str(), &facts), 0) << path;
        return facts.st_mode & 07777U;
    }
    static std::string message_of(const Result<DataDir>& result) {
        return result ? "" : result.error().message;
    }

    std::string path_;
};

TEST_F(DataDirTest, IsMadeForItsOwnerAlone) {
    const auto dir = DataDir::open(path_);
    ASSERT_TRUE(dir) << message_of(dir);
    EXPECT_EQ(mode_of(path_), 0700U);
    EXPECT_TRUE(std::filesystem::is_empty(path_));
}

TEST_F(DataDirTest, LetsOneGatewayInAtATime) {
    {
        const auto first = DataDir::open(path_);
        ASSERT_TRUE(first);
        const auto second = DataDir::open(path_);
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().code, ErrorCode::StartupFailed);
        EXPECT_TRUE(second.error().message.starts_with(path_ + " is in use by another gateway"));
    }
    EXPECT_TRUE(DataDir::open(path_));
}

TEST_F(DataDirTest, RefusesAFolderThatOthersMayWriteIn) {
    std::filesystem::create_directory(path_);
    ASSERT_EQ(::chmod(path_.c_str(), 0770), 0);
    EXPECT_EQ(message_of(DataDir::open(path_)),
              path_ + " has mode 0770, so others may write in it: chmod 700 " + path_);
}

TEST_F(DataDirTest, SaysWhatIsWrongWithThePath) {
    std::ofstream(path_) << "a file";
    EXPECT_EQ(message_of(DataDir::open(path_)), path_ + " is not a folder");
    EXPECT_NE(message_of(DataDir::open("/proc/keywarden")).find("cannot make /proc/keywarden: "),
              std::string::npos);
}

TEST_F(DataDirTest, ASecretFileIsReadBackAndIsForItsOwnerAlone) {
    ASSERT_TRUE(DataDir::open(path_));
    ASSERT_TRUE(write_secret_file(in("pepper")));
    EXPECT_EQ(mode_of(in("pepper")), 0600U);
    const auto secret = read_secret_file(in("pepper"));
    ASSERT_TRUE(secret);
    EXPECT_EQ(secret->reveal().size(), 64U);
    EXPECT_FALSE(file_exists(in("pepper.new")));
}

TEST_F(DataDirTest, TwoSecretFilesDiffer) {
    ASSERT_TRUE(DataDir::open(path_));
    ASSERT_TRUE(write_secret_file(in("a")));
    ASSERT_TRUE(write_secret_file(in("b")));
    EXPECT_NE(read_secret_file(in("a"))->reveal(), read_secret_file(in("b"))->reveal());
}

TEST_F(DataDirTest, ASecretFileThatOthersCanReadIsRefused) {
    ASSERT_TRUE(DataDir::open(path_));
    ASSERT_TRUE(write_secret_file(in("pepper")));
    ASSERT_EQ(::chmod(in("pepper").c_str(), 0640), 0);
    const auto secret = read_secret_file(in("pepper"));
    ASSERT_FALSE(secret);
    EXPECT_EQ(secret.error().message,
              in("pepper") + " has mode 0640, so others may get at it: chmod 600 " + in("pepper"));
    EXPECT_EQ(why_too_open(in("pepper")), "mode 0640 lets others at it");
}

TEST_F(DataDirTest, ASecretFileThatIsCutOrALinkIsRefused) {
    ASSERT_TRUE(DataDir::open(path_));
    ASSERT_TRUE(write_secret_file(in("pepper")));
    std::filesystem::create_symlink(in("pepper"), in("link"));
    EXPECT_FALSE(read_secret_file(in("link")));
    std::filesystem::resize_file(in("pepper"), 63);
    const auto cut = read_secret_file(in("pepper"));
    ASSERT_FALSE(cut);
    EXPECT_NE(cut.error().message.find("does not hold 64 hexadecimal digits"), std::string::npos);
    EXPECT_EQ(cut.error().message.find(std::string(8, '0')), std::string::npos);
}

TEST_F(DataDirTest, AnUnfinishedSecretFileIsNoObstacle) {
    ASSERT_TRUE(DataDir::open(path_));
    std::ofstream(in("pepper.new")) << "half";
    ASSERT_TRUE(write_secret_file(in("pepper")));
    EXPECT_TRUE(read_secret_file(in("pepper")));
}

}  // namespace
}  // namespace keywarden
