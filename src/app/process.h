// What is asked of the operating system for the whole process, and its signals.
#pragma once

#include <cstdint>

namespace keywarden {

/// Files for their owner alone, no core dumps and no debugger of others (they would show secrets),
/// and as many descriptors as the system allows.
void prepare_process();

/// Signals as something to wait for. Making it blocks them in this thread and in all made later.
class Signals {
public:
    enum class What : uint8_t { Stop, Interrupt, Reload, Woken };

    Signals();

    /// Waits for SIGTERM, SIGINT, SIGHUP, or `wake`.
    What wait();

    /// Ends a `wait` of the thread that made this. Threads: any.
    void wake() const;

private:
    unsigned long waiter_;  // pthread_t
};

}  // namespace keywarden
