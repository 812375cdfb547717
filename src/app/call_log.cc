#include "app/call_log.h"

#include <array>
#include <cstddef>
#include <span>

#include "base/log.h"

namespace keywarden {
namespace {

/// The fields of one line, put together without the heap.
class Fields {
public:
    void add(LogField field) { fields_.at(count_++) = field; }
    void add_text(std::string_view name, std::string_view value) {
        if (!value.empty()) add({name, value});
    }
    void add_count(std::string_view name, const std::optional<int64_t>& value) {
        if (value) add({name, *value});
    }
    void add_micros(std::string_view name, Nanos span) {
        add({name, int64_t{std::chrono::duration_cast<std::chrono::microseconds>(span).count()}});
    }
    std::span<const LogField> all() const { return std::span(fields_).first(count_); }

private:
    static constexpr size_t kFieldsMax = 16;

    std::array<LogField, kFieldsMax> fields_{};
    size_t count_ = 0;
};

}  // namespace

void log_call(const CallLine& row) {
    if (!log_enabled(LogLevel::Info)) return;
    Fields fields;
    fields.add({"request_id", row.request_id});
    fields.add({"method", row.method});
    fields.add({"route", row.route});
    fields.add({"status", int64_t{row.status}});
    fields.add_micros("duration_us", row.duration);
    fields.add_micros("overhead_us", row.overhead);
    fields.add_text("key", row.key_id);
    fields.add_text("team", row.team_id);
    fields.add_text("provider", row.provider);
    fields.add_text("model", row.model);
    fields.add_text("error", row.error);
    if (row.attempts > 1) fields.add({"attempts", int64_t{row.attempts}});
    if (row.streamed) fields.add({"streamed", true});
    if (row.client_left) fields.add({"client_left", true});
    fields.add_count("input_tokens", row.usage.input);
    fields.add_count("output_tokens", row.usage.output);
    log_soon(LogLevel::Info, "call.ended", fields.all());
}

}  // namespace keywarden
