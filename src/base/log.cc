#include "base/log.h"

#include <array>
#include <atomic>
#include <fmt/format.h>
#include <memory>
#include <mutex>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <utility>

#include "base/clock.h"
#include "base/json/write.h"

namespace keywarden {
namespace {

constexpr std::array<std::string_view, 5> kLevelNames = {
    "debug", "info", "warning", "error", "off"};
constexpr std::array<std::string_view, 5> kLevelColors = {
    "\033[2m", "\033[32m", "\033[33m", "\033[31m", ""};

struct Settings {
    std::atomic<LogLevel> level = LogLevel::Info;
    std::atomic<LogFormat> format = LogFormat::Text;
    std::atomic<bool> color = false;
};

Settings& settings() {
    static Settings the_settings;
    return the_settings;
}

spdlog::logger& sink() {
    static const std::shared_ptr<spdlog::logger> kLogger = [] {
        auto made = std::make_shared<spdlog::logger>(
            "keywarden", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        made->set_pattern("%v");
        made->set_level(spdlog::level::trace);
        return made;
    }();
    return *kLogger;
}

/// Lines of log_soon that are not written yet.
struct Waiting {
    std::mutex mutex;
    std::string lines;
    int64_t dropped = 0;
    // Held while lines are written, so that they keep their order. Locked before `mutex`.
    std::mutex writing;
    std::string written;  // its memory is used again for the next lines
};

Waiting& waiting() {
    static Waiting lines;
    return lines;
}

void write_line(std::string_view line) {
    sink().log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

void append_value(std::string& out, const LogField& field, LogFormat format) {
    if (const auto* number = std::get_if<int64_t>(&field.value)) {
        const fmt::format_int digits(*number);
        out.append(digits.data(), digits.size());
        return;
    }
    if (const auto* flag = std::get_if<bool>(&field.value)) {
        out += *flag ? "true" : "false";
        return;
    }
    const auto text = std::get<std::string_view>(field.value);
    const bool plain = !text.empty() && text.find_first_of(" \"\\=\t\r\n") == text.npos;
    if (format == LogFormat::Text && plain) {
        out += text;
    } else {
        append_json_string(out, text);
    }
}

struct Line {
    LogLevel level;
    std::string_view event;
    std::span<const LogField> fields;
};

void append_json(std::string& out, std::string_view moment, const Line& line) {
    out += R"({"time":)";
    append_json_string(out, moment);
    out += R"(,"level":)";
    append_json_string(out, kLevelNames.at(static_cast<size_t>(line.level)));
    out += R"(,"event":)";
    append_json_string(out, line.event);
    for (const LogField& field : line.fields) {
        out += ',';
        append_json_string(out, field.name);
        out += ':';
        append_value(out, field, LogFormat::Json);
    }
    out += '}';
}

void append_text(std::string& out, bool color, std::string_view moment, const Line& line) {
    const auto index = static_cast<size_t>(line.level);
    out += moment;
    out += ' ';
    if (color) out += kLevelColors.at(index);
    out += kLevelNames.at(index);
    if (color) out += "\033[0m";
    out += ' ';
    out += line.event;
    for (const LogField& field : line.fields) {
        out += ' ';
        out += field.name;
        out += '=';
        append_value(out, field, LogFormat::Text);
    }
}

/// The line as it is at this moment. A view until the thread's next line: its memory is used again.
std::string_view line_of(const Line& line) {
    thread_local std::string moment;
    thread_local std::string text;
    moment.clear();
    text.clear();
    append_iso8601(moment, system_clock().now());
    if (settings().format == LogFormat::Json) {
        append_json(text, moment, line);
    } else {
        append_text(text, settings().color, moment, line);
    }
    return text;
}

}  // namespace

void configure_log(LogLevel level, LogFormat format, bool color) {
    settings().level = level;
    settings().format = format;
    settings().color = color;
}

bool log_enabled(LogLevel level) { return level >= settings().level; }

void log(LogLevel level, std::string_view event, const std::vector<LogField>& fields) {
    if (!log_enabled(level)) return;
    flush_log();
    write_line(line_of({level, event, fields}));
    if (level >= LogLevel::Warning) sink().flush();
}

void log_soon(LogLevel level, std::string_view event, std::span<const LogField> fields) {
    if (!log_enabled(level)) return;
    const std::string_view line = line_of({level, event, fields});
    Waiting& queue = waiting();
    const std::lock_guard lock(queue.mutex);
    if (queue.lines.size() + line.size() >= kLogWaitingMax) {
        ++queue.dropped;
        return;
    }
    if (!queue.lines.empty()) queue.lines += '\n';
    queue.lines += line;
}

void flush_log() {
    Waiting& queue = waiting();
    const std::lock_guard writing(queue.writing);
    queue.written.clear();
    int64_t dropped = 0;
    {
        const std::lock_guard lock(queue.mutex);
        queue.written.swap(queue.lines);
        dropped = std::exchange(queue.dropped, 0);
    }
    if (!queue.written.empty()) write_line(queue.written);
    if (dropped > 0) {
        const LogField count{"count", dropped};
        write_line(line_of({LogLevel::Warning, "log.lines_dropped", {&count, 1}}));
    }
}

std::string format_log_line(LogFormat format,
                            bool color,
                            std::string_view moment,
                            LogLevel level,
                            std::string_view event,
                            std::span<const LogField> fields) {
    std::string out;
    const Line line{level, event, fields};
    if (format == LogFormat::Json) {
        append_json(out, moment, line);
    } else {
        append_text(out, color, moment, line);
    }
    return out;
}

}  // namespace keywarden
