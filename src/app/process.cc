#include "app/process.h"

#include <csignal>
#include <initializer_list>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

namespace keywarden {
namespace {

constexpr int kWake = SIGUSR1;

sigset_t waited_for() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, kWake}) sigaddset(&set, signal);
    return set;
}

}  // namespace

void prepare_process() {
    (void)::umask(S_IRWXG | S_IRWXO);
    const rlimit none{0, 0};
    (void)::setrlimit(RLIMIT_CORE, &none);
    (void)::prctl(PR_SET_DUMPABLE, 0);
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)::setrlimit(RLIMIT_NOFILE, &files);
    }
}

Signals::Signals() : waiter_(::pthread_self()) {
    const sigset_t set = waited_for();
    (void)::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Signals::What Signals::wait() {
    const sigset_t set = waited_for();
    for (;;) {
        switch (::sigwaitinfo(&set, nullptr)) {
            case SIGTERM:
                return What::Stop;
            case SIGINT:
                return What::Interrupt;
            case SIGHUP:
                return What::Reload;
            case kWake:
                return What::Woken;
            default:
                break;  // interrupted: a debugger, or a stop and a continue
        }
    }
}

void Signals::wake() const { (void)::pthread_kill(waiter_, kWake); }

}  // namespace keywarden
