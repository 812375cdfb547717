#include "app/call_log.h"

#include <vector>

#include "base/log.h"

namespace keywarden {

void log_call(const CallRow& row) {
    if (!log_enabled(LogLevel::Info)) return;
    std::vector<LogField> fields = {{"request_id", row.request_id},
                                    {"method", row.method},
                                    {"route", row.route},
                                    {"status", int64_t{row.status}}};
    const auto add_text = [&](std::string_view name, std::string_view value) {
        if (!value.empty()) fields.push_back({name, value});
    };
    const auto add_count = [&](std::string_view name, const std::optional<int64_t>& value) {
        if (value) fields.push_back({name, *value});
    };
    const auto micros = [](Nanos span) {
        return int64_t{std::chrono::duration_cast<std::chrono::microseconds>(span).count()};
    };
    fields.push_back({"duration_us", micros(row.duration)});
    fields.push_back({"overhead_us", micros(row.overhead)});
    add_text("key", row.key_id);
    add_text("team", row.team_id);
    add_text("provider", row.provider);
    add_text("model", row.model);
    add_text("error", row.error);
    if (row.attempts > 1) fields.push_back({"attempts", int64_t{row.attempts}});
    if (row.streamed) fields.push_back({"streamed", true});
    if (row.client_left) fields.push_back({"client_left", true});
    add_count("input_tokens", row.usage.input);
    add_count("output_tokens", row.usage.output);
    log_soon(LogLevel::Info, "call.ended", fields);
}

}  // namespace keywarden
