// For tests: a process that dies at a moment that has a name.
#pragma once

#include <atomic>
#include <csignal>
#include <cstdint>
#include <functional>
#include <iterator>
#include <unistd.h>
#include <utility>

#include "base/failpoint.h"

namespace keywarden::test {

/// When it comes by that moment so often. Never: only when somebody kills it.
struct Death {
    static constexpr size_t kNever = std::size(kFailpoints);
    size_t failpoint = kNever;
    int64_t passes = 1;
};

class Fate {
public:
    /// From now on this process dies there, after `last_words`. Once a process.
    static void meet(const Death& death, std::function<void()> last_words) {
        death_ = death;
        passes_left_ = death.passes;
        last_words_ = std::move(last_words);
        failpoint_hook() = come_by;
    }

private:
    static void come_by(size_t number) {
        if (number != death_.failpoint || passes_left_.fetch_sub(1) != 1) return;
        last_words_();
        ::kill(::getpid(), SIGKILL);
        for (;;) ::pause();
    }

    inline static Death death_;
    inline static std::atomic<int64_t> passes_left_;
    inline static std::function<void()> last_words_;
};

}  // namespace keywarden::test
