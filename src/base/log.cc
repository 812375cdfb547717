#include "base/log.h"

#include <array>
#include <atomic>
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
};

Waiting& waiting() {
    static Waiting lines;
    return lines;
}

void write_line(std::string_view line) {
    sink().log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

std::string line_of(LogLevel level, std::string_view event, const std::vector<LogField>& fields) {
    return format_log_line(settings().format,
                           settings().color,
                           format_iso8601(system_clock().now()),
                           level,
                           event,
                           fields);
}

std::string value_text(const LogField& field, LogFormat format) {
    if (const auto* number = std::get_if<int64_t>(&field.value)) return std::to_string(*number);
    if (const auto* flag = std::get_if<bool>(&field.value)) return *flag ? "true" : "false";
    const auto text = std::get<std::string_view>(field.value);
    std::string out;
    const bool plain = !text.empty() && text.find_first_of(" \"\\=\t\r\n") == text.npos;
    if (format == LogFormat::Text && plain) return std::string(text);
    append_json_string(out, text);
    return out;
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
    write_line(line_of(level, event, fields));
    if (level >= LogLevel::Warning) sink().flush();
}

void log_soon(LogLevel level, std::string_view event, const std::vector<LogField>& fields) {
    if (!log_enabled(level)) return;
    const std::string line = line_of(level, event, fields);
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
    std::string lines;
    int64_t dropped = 0;
    {
        const std::lock_guard lock(queue.mutex);
        lines.swap(queue.lines);
        dropped = std::exchange(queue.dropped, 0);
    }
    if (!lines.empty()) write_line(lines);
    if (dropped > 0) {
        write_line(line_of(LogLevel::Warning, "log.lines_dropped", {{"count", dropped}}));
    }
}

std::string format_log_line(LogFormat format,
                            bool color,
                            std::string_view moment,
                            LogLevel level,
                            std::string_view event,
                            const std::vector<LogField>& fields) {
    const auto index = static_cast<size_t>(level);
    std::string out;
    if (format == LogFormat::Json) {
        out += R"({"time":)";
        append_json_string(out, moment);
        out += R"(,"level":)";
        append_json_string(out, kLevelNames.at(index));
        out += R"(,"event":)";
        append_json_string(out, event);
        for (const LogField& field : fields) {
            out += ',';
            append_json_string(out, field.name);
            out += ':';
            out += value_text(field, format);
        }
        return out + "}";
    }
    out += moment;
    out += ' ';
    if (color) out += kLevelColors.at(index);
    out += kLevelNames.at(index);
    if (color) out += "\033[0m";
    out += ' ';
    out += event;
    for (const LogField& field : fields) {
        out += ' ';
        out += field.name;
        out += '=';
        out += value_text(field, format);
    }
    return out;
}

}  // namespace keywarden
