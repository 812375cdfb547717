#include "app/upkeep.h"

#include <chrono>

#include "base/log.h"

namespace keywarden {
namespace {

constexpr auto kTick = std::chrono::milliseconds(200);  // how long a log line may wait
constexpr int kTicksAWrite = 5;

}  // namespace

Upkeep::Upkeep(Instance& instance, LimitFile& limits, Money& money, CredentialAlarms& alarms)
    : directory_(*instance.directory),
      sessions_(*instance.sessions),
      limits_(limits),
      money_(money),
      alarms_(alarms),
      thread_([this] { run(); }) {}

Upkeep::~Upkeep() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
    write_uses();
    write_limits(true);
    flush_log();
}

void Upkeep::run() {
    std::unique_lock lock(mutex_);
    for (int tick = 1; !wake_.wait_for(lock, kTick, [this] { return stopping_; }); ++tick) {
        flush_log();
        if (tick % kTicksAWrite != 0) continue;
        write_uses();
        write_limits(false);
    }
}

void Upkeep::write_limits(bool at_once) {
    const auto written = limits_.write(at_once);
    if (!written && !limits_failed_) {
        log(LogLevel::Error,
            "limits.not_kept",
            {{"message", std::string_view(written.error().message)}});
    }
    limits_failed_ = !written;
}

void Upkeep::write_uses() {
    Result<void> written = directory_.write_uses();
    if (written) written = sessions_.write_uses();
    if (written) written = money_.write_events();
    if (written) written = alarms_.write();
    if (!written && !store_failed_) {
        log(LogLevel::Error,
            "store.unavailable",
            {{"message", std::string_view(written.error().message)},
             {"detail", std::string_view(written.error().detail)}});
    }
    if (written && store_failed_) log(LogLevel::Info, "store.available");
    store_failed_ = !written;
}

}  // namespace keywarden
