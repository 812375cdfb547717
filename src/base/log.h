// The log: one line an event, JSON for machines or text for a terminal.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace keywarden {

enum class LogLevel : uint8_t { Debug, Info, Warning, Error, Off };
enum class LogFormat : uint8_t { Json, Text };

/// A named value of a log line. There is no conversion from Secret, on purpose: never log a
/// secret, a prompt, a completion, or the value of a header.
struct LogField {
    std::string_view name;
    std::variant<std::string_view, int64_t, bool> value;
};

/// To be called once, before other threads start. Lines go to standard error.
/// `color` is for text only.
void configure_log(LogLevel level, LogFormat format, bool color);

bool log_enabled(LogLevel level);

/// Writes one line: the moment, the level, `event` (a stable name, "server.started"), the fields.
/// Threads: any. Lines are never mixed.
void log(LogLevel level, std::string_view event, const std::vector<LogField>& fields = {});

/// The same, but the line may wait in memory until flush_log, or until the next line of `log`: for
/// what is logged on the way of a call. Beyond kLogWaitingMax bytes lines are dropped, and counted.
/// In the steady state it takes no memory from the heap, and never asks the system for anything but
/// its lock. Threads: any. Lines keep their order.
void log_soon(LogLevel level, std::string_view event, std::span<const LogField> fields = {});

/// Writes what log_soon left waiting.
void flush_log();

inline constexpr size_t kLogWaitingMax = size_t{4} * 1024 * 1024;

/// One line in the given form, without its end: what `log` writes. For tests.
std::string format_log_line(LogFormat format,
                            bool color,
                            std::string_view moment,
                            LogLevel level,
                            std::string_view event,
                            std::span<const LogField> fields);

}  // namespace keywarden
