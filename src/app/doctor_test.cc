#include "app/doctor.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "app/instance.h"
#include "base/id.h"
#include "net/socket.h"

namespace keywarden {
namespace {

class DoctorTest : public testing::Test {
protected:
    DoctorTest() {
        configuration_.settings.data_dir = testing::TempDir() + new_id("doctor");
        configuration_.settings.listen = "127.0.0.1:0";
    }
    ~DoctorTest() override { std::filesystem::remove_all(path()); }

    const std::string& path() const { return configuration_.settings.data_dir; }
    std::string in(std::string_view name) const { return path() + "/" + std::string(name); }
    void make_instance() { ASSERT_TRUE(open_instance(configuration_, system_clock())); }

    Finding finding(std::string_view what) const {
        for (Finding& each : examine_set_up(configuration_, environment_)) {
            if (each.what == what) return std::move(each);
        }
        ADD_FAILURE() << "nothing looks at " << what;
        return {};
    }
    void expect_bad(std::string_view what, std::string_view found) const {
        const Finding it = finding(what);
        EXPECT_EQ(it.grade, Finding::Grade::Bad) << what << ": " << it.found;
        EXPECT_NE(it.found.find(found), std::string::npos) << it.found;
        EXPECT_FALSE(it.advice.empty()) << what;
    }

    Configuration configuration_;
    Environment environment_;
};

TEST_F(DoctorTest, NothingIsBadBeforeTheFirstStartOrAfterIt) {
    for (int i = 0; i < 2; ++i) {
        for (const Finding& each : examine_set_up(configuration_, environment_)) {
            EXPECT_NE(each.grade, Finding::Grade::Bad) << each.what << ": " << each.found;
            EXPECT_FALSE(each.found.empty()) << each.what;
            EXPECT_EQ(each.advice.empty(), each.grade == Finding::Grade::Good) << each.what;
        }
        EXPECT_EQ(std::filesystem::exists(path()), i == 1) << "it changes nothing";
        if (i == 0) make_instance();
    }
    EXPECT_EQ(finding("database").found, in(kDatabaseName) + " is intact, with 0 keys");
}

TEST_F(DoctorTest, WarnsOfAKeyFileThatEverybodyReads) {
    const std::string file = path() + ".key";
    std::ofstream(file) << "not-a-real-key";
    configuration_.providers = {{.name = "openai", .api_key_file = file}};
    std::filesystem::permissions(file, std::filesystem::perms(0644));
    const Finding open = finding("providers");
    std::filesystem::permissions(file, std::filesystem::perms(0600));
    const Finding closed = finding("providers");
    std::filesystem::remove(file);
    EXPECT_EQ(open.grade, Finding::Grade::Warning);
    EXPECT_NE(open.found.find("has mode 0644"), std::string::npos) << open.found;
    EXPECT_EQ(closed.grade, Finding::Grade::Good) << closed.found;
}

TEST_F(DoctorTest, FindsFilesThatAreTooOpen) {
    make_instance();
    ASSERT_EQ(::chmod(in(kPepperName).c_str(), 0644), 0);
    ASSERT_EQ(::chmod(path().c_str(), 0755), 0);
    expect_bad("pepper", "has mode 0644");
    expect_bad("data folder", "mode 0755 lets others at it");
}

TEST_F(DoctorTest, FindsASecretThatIsLostOrAnothers) {
    make_instance();
    std::filesystem::remove(in(kMasterKeyName));
    expect_bad("master key", "is missing");
    ASSERT_TRUE(write_secret_file(in(kMasterKeyName)));
    expect_bad("master key", "is not the one that the database was made with");
}

TEST_F(DoctorTest, FindsADatabaseThatIsNone) {
    make_instance();
    for (const char* end : {"-wal", "-shm"}) {
        std::filesystem::remove(in(kDatabaseName) + end);
    }
    std::ofstream(in(kDatabaseName)) << std::string(5'000, 'x');
    expect_bad("database", "no SQLite database");
}

TEST_F(DoctorTest, FindsThePortInUse) {
    const auto listener = listen_tcp("127.0.0.1", 0);
    ASSERT_TRUE(listener);
    configuration_.settings.listen = "127.0.0.1:" + std::to_string(local_port(listener->get()));
    expect_bad("address", "is in use, and not by this gateway");
}

TEST_F(DoctorTest, FindsAProviderWithoutTheCredentialItNames) {
    configuration_.providers.push_back({.name = "openai", .api_key_env = "MINE"});
    expect_bad("providers", "MINE is not set");
    environment_.variables["MINE"] = "not-a-real-key";
    EXPECT_EQ(finding("providers").grade, Finding::Grade::Good);
    EXPECT_EQ(finding("providers").found.find("not-a-real-key"), std::string::npos);
}

TEST_F(DoctorTest, FindsTlsFilesThatAreNotThere) {
    configuration_.settings.tls_certificate = "/nowhere/a.pem";
    configuration_.settings.tls_key = "/nowhere/b.pem";
    expect_bad("tls", "/nowhere/");
}

TEST_F(DoctorTest, FindsADataFolderThatIsAFile) {
    std::ofstream(path()) << "x";
    expect_bad("data folder", "is not a folder");
}

}  // namespace
}  // namespace keywarden
