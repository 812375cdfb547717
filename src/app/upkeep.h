// What is done beside calls, again and again: uses of keys are written, and waiting log lines.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "store/key_directory.h"

namespace keywarden {

/// A thread that runs until it is destroyed, and does everything once more at its end.
class Upkeep {
public:
    /// `directory` must outlive it.
    explicit Upkeep(KeyDirectory& directory);
    ~Upkeep();
    Upkeep(const Upkeep&) = delete;
    Upkeep& operator=(const Upkeep&) = delete;

private:
    void run();
    void write_uses();

    KeyDirectory& directory_;
    bool store_failed_ = false;  // said once, until it works again
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace keywarden
