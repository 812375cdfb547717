// What is done beside calls, again and again: uses of keys are written, what limits have counted,
// what budgets have to tell, and waiting log lines.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "app/credentials.h"
#include "app/instance.h"
#include "app/limit_file.h"
#include "app/money.h"

namespace keywarden {

/// A thread that runs until it is destroyed, and does everything once more at its end.
class Upkeep {
public:
    /// All of these must outlive it.
    Upkeep(Instance& instance, LimitFile& limits, Money& money, CredentialAlarms& alarms);
    ~Upkeep();
    Upkeep(const Upkeep&) = delete;
    Upkeep& operator=(const Upkeep&) = delete;

private:
    void run();
    void write_uses();
    void write_limits(bool at_once);

    KeyDirectory& directory_;
    SessionDirectory& sessions_;
    LimitFile& limits_;
    Money& money_;
    CredentialAlarms& alarms_;
    bool limits_failed_ = false;  // as below
    bool store_failed_ = false;   // said once, until it works again
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace keywarden
