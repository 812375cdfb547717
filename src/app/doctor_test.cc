#include "app/doctor.h"

#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>

#include <gtest/gtest.h>

#include "app/instance.h"
#include "base/id.h"
#include "net/socket.h"
#include "store/journal.h"

namespace keywarden {
namespace {

/// A provider that answers each connection with one status, and keeps what it was sent.
class StandIn {
public:
    explicit StandIn(std::string status)
        : status_(std::move(status)),
          listener_(*listen_tcp("127.0.0.1", 0)),
          thread_([this] { answer(); }) {}
    StandIn(const StandIn&) = delete;
    StandIn& operator=(const StandIn&) = delete;
    ~StandIn() {
        ended_ = true;
        ::shutdown(listener_.get(), SHUT_RDWR);
        thread_.join();
    }

    std::string base_url() const {
        return "http://127.0.0.1:" + std::to_string(local_port(listener_.get())) + "/v1";
    }
    /// Only when nobody asks any more.
    const std::string& asked() const { return asked_; }

private:
    void answer() {
        while (!ended_) {
            pollfd ready{.fd = listener_.get(), .events = POLLIN, .revents = 0};
            ::poll(&ready, 1, -1);
            const OwnedFd peer(::accept(listener_.get(), nullptr, nullptr));
            if (!peer) continue;
            ready = {.fd = peer.get(), .events = POLLIN, .revents = 0};
            asked_.clear();
            while (asked_.find("\r\n\r\n") == std::string::npos) {
                ::poll(&ready, 1, -1);
                std::array<char, 4096> bytes{};
                const ssize_t got = ::recv(peer.get(), bytes.data(), bytes.size(), 0);
                if (got <= 0) break;
                asked_.append(bytes.data(), static_cast<size_t>(got));
            }
            const std::string head = "HTTP/1.1 " + status_ + "\r\nContent-Length: 0\r\n\r\n";
            ::send(peer.get(), head.data(), head.size(), MSG_NOSIGNAL);
        }
    }

    std::string status_;
    OwnedFd listener_;
    std::atomic<bool> ended_ = false;
    std::string asked_;
    std::thread thread_;
};

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

    std::vector<Finding> findings(std::string_view what) const {
        std::vector<Finding> all = examine_set_up(configuration_, environment_);
        std::erase_if(all, [&](const Finding& each) { return each.what != what; });
        EXPECT_FALSE(all.empty()) << "nothing looks at " << what;
        return all;
    }
    Finding finding(std::string_view what) const { return findings(what).at(0); }
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
    const StandIn provider("200 OK");
    std::ofstream(file) << "not-a-real-key";
    configuration_.providers = {
        {.name = "mine", .base_url = provider.base_url(), .api_key_file = file}};
    std::filesystem::permissions(file, std::filesystem::perms(0644));
    const std::vector<Finding> open = findings("providers");
    std::filesystem::permissions(file, std::filesystem::perms(0600));
    const std::vector<Finding> closed = findings("providers");
    std::filesystem::remove(file);
    ASSERT_EQ(open.size(), 2U);
    EXPECT_EQ(open[1].grade, Finding::Grade::Warning);
    EXPECT_NE(open[1].found.find("has mode 0644"), std::string::npos) << open[1].found;
    ASSERT_EQ(closed.size(), 1U);
    EXPECT_EQ(closed[0].grade, Finding::Grade::Good) << closed[0].found;
}

TEST_F(DoctorTest, MissesTimeZonesThatAreNotInstalled) {
    // In a process of its own: zones that were found once stay.
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(
        {
            ::setenv("TZDIR", path().c_str(), 1);
            const Finding it = finding("time zones");
            std::cerr << it.found << ": " << it.advice;
            std::exit(it.grade == Finding::Grade::Warning ? 0 : 1);
        },
        testing::ExitedWithCode(0),
        "none but UTC: Install tzdata");
    EXPECT_EQ(finding("time zones").grade, Finding::Grade::Good);
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

TEST_F(DoctorTest, SeesWhatWaitsInTheJournal) {
    make_instance();
    EXPECT_EQ(finding("journal").found, "none yet");
    configuration_.settings.ledger_journal_bytes_max = 1'000'000;
    const auto journal = *Journal::open(
        {.dir = in(kJournalName), .bytes_max = 1'000'000}, {}, [](const CallRecord&) {}, {});
    JournalWriter& writer = journal->writer(0);
    const CallRecord call{.id = {1}, .team_id = "team_a"};
    writer.close(*writer.open(call, {}), call);
    EXPECT_EQ(finding("journal").grade, Finding::Grade::Good);
    EXPECT_NE(finding("journal").found.find("1 rows are not in the database yet"),
              std::string::npos);

    std::ofstream(in(kJournalName) + "/00000001-000-00000001.journal.damaged") << "x";
    std::filesystem::resize_file(in(kJournalName) + "/00000001-000-00000001.journal", 800'000);
    const auto found = findings("journal");
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].grade, Finding::Grade::Warning) << "it is nearly full";
    EXPECT_EQ(found[1].grade, Finding::Grade::Warning);
    EXPECT_NE(found[1].found.find("00000001-000-00000001.journal.damaged"), std::string::npos);
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
}

TEST_F(DoctorTest, CallsEachProviderWithItsKey) {
    environment_.variables["MINE"] = "not-a-real-key";
    const auto call = [&](const std::string& status, std::string* asked = nullptr) {
        StandIn provider(status);
        configuration_.providers = {{.name = "mine",
                                     .base_url = provider.base_url(),
                                     .api_key_env = "MINE",
                                     .models = {{.id = "m", .upstream = "m"}}}};
        Finding found = finding("providers");
        if (asked != nullptr) *asked = provider.asked();
        EXPECT_EQ(found.found.find("not-a-real-key"), std::string::npos);
        return found;
    };
    std::string asked;
    EXPECT_EQ(call("200 OK", &asked).found, "mine: answers; has 1 model");
    EXPECT_TRUE(asked.starts_with("GET /v1/models HTTP/1.1\r\n")) << asked;
    EXPECT_NE(asked.find("Authorization: Bearer not-a-real-key\r\n"), std::string::npos);
    EXPECT_EQ(call("404 Not Found").grade, Finding::Grade::Good) << "it may have no list";
    EXPECT_EQ(call("401 Unauthorized").found, "mine: answers 401 to its key");
    EXPECT_EQ(call("401 Unauthorized").grade, Finding::Grade::Bad);
    EXPECT_EQ(call("503 Service Unavailable").grade, Finding::Grade::Warning);
}

TEST_F(DoctorTest, FindsAProviderThatCannotBeReached) {
    std::string nowhere;
    {
        const auto listener = listen_tcp("127.0.0.1", 0);
        nowhere = "http://127.0.0.1:" + std::to_string(local_port(listener->get()));
    }
    configuration_.providers = {{.name = "mine", .base_url = nowhere}};
    expect_bad("providers", "mine: cannot be reached: ");
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
