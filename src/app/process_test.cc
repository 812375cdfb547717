#include "app/process.h"

#include <csignal>
#include <initializer_list>
#include <pthread.h>
#include <sys/resource.h>
#include <thread>

#include <gtest/gtest.h>

namespace keywarden {
namespace {

using What = Signals::What;

TEST(Process, LeavesNoCoreDumpAndOpensFilesForItsOwner) {
    prepare_process();
    rlimit core{};
    ASSERT_EQ(::getrlimit(RLIMIT_CORE, &core), 0);
    EXPECT_EQ(core.rlim_cur, 0U);
    rlimit files{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
    EXPECT_EQ(files.rlim_cur, files.rlim_max);
}

TEST(Signals, AreWaitedForInsteadOfEndingTheProcess) {
    struct Case {
        int number;
        What what;
    };
    Signals signals;
    for (const Case each :
         {Case{SIGTERM, What::Stop}, Case{SIGINT, What::Interrupt}, Case{SIGHUP, What::Reload}}) {
        ASSERT_EQ(::pthread_kill(::pthread_self(), each.number), 0);
        EXPECT_EQ(signals.wait(), each.what);
    }
}

TEST(Signals, AnotherThreadCanEndTheWait) {
    Signals signals;
    std::thread other([&] { signals.wake(); });
    EXPECT_EQ(signals.wait(), What::Woken);
    other.join();
}

}  // namespace
}  // namespace keywarden
