#include "providers/sandbox/controls.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <vector>

#include "base/nearest_name.h"
#include "providers/sandbox.h"

namespace keywarden {
namespace {

constexpr int64_t kToolCallsMax = 32;
constexpr int64_t kStatusMin = 400;
constexpr int64_t kStatusMax = 599;

/// Adding one: a row here, its field, and its line in docs/guide/sandbox.md.
struct Row {
    std::string_view name;
    std::string_view form;  // as the list of known ones shows it
    int64_t min = 0;
    int64_t max = 0;  // 0: takes no number
    void (*set)(SandboxControls&, int64_t);
};

constexpr std::array kRows = {
    Row{"chunks",
        "chunks-N",
        1,
        kSandboxChunksMax,
        [](SandboxControls& c, int64_t n) { c.chunks = n; }},
    Row{"cut", "cut", 0, 0, [](SandboxControls& c, int64_t) { c.cut = true; }},
    Row{"delay",
        "delay-MS",
        0,
        kSandboxDelayMsMax,
        [](SandboxControls& c, int64_t n) { c.delay_ms = n; }},
    Row{"echo", "echo", 0, 0, [](SandboxControls& c, int64_t) { c.echo = true; }},
    Row{"error",
        "error-STATUS",
        kStatusMin,
        kStatusMax,
        [](SandboxControls& c, int64_t n) { c.error = n; }},
    Row{"fail", "fail", 0, 0, [](SandboxControls& c, int64_t) { c.fail = true; }},
    Row{"slow",
        "slow-MS",
        0,
        kSandboxDelayMsMax,
        [](SandboxControls& c, int64_t n) { c.slow_ms = n; }},
    Row{"tools", "tools-N", 1, kToolCallsMax, [](SandboxControls& c, int64_t n) { c.tools = n; }},
    Row{"words",
        "words-N",
        0,
        kSandboxWordsMax,
        [](SandboxControls& c, int64_t n) { c.words = n; }},
};

std::unexpected<Error> unknown(std::string_view control) {
    std::vector<std::string_view> names;
    std::string list;
    for (const Row& row : kRows) {
        names.push_back(row.name);
        list += (list.empty() ? "" : ", ") + std::string(row.form);
    }
    const std::string_view near = nearest_name(control.substr(0, control.find('-')), names);
    std::string message = "The sandbox has no such model or control. ";
    if (!near.empty()) message += "Did you mean '" + std::string(near) + "'? ";
    message += "Say \"sandbox\", or \"sandbox/\" and controls joined by '+': " + list + '.';
    return fail(Error{.code = ErrorCode::ModelNotFound, .message = message, .param = "model"});
}

Result<void> read_control(std::string_view text, SandboxControls& controls) {
    const size_t dash = text.find('-');
    const std::string_view name = text.substr(0, dash);
    const auto* const row = std::ranges::find(kRows, name, &Row::name);
    const bool has_number = dash != std::string_view::npos;
    if (row == kRows.end() || has_number != (row->max > 0)) return unknown(text);
    int64_t number = 0;
    if (has_number) {
        const std::string_view digits = text.substr(dash + 1);
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (error == std::errc::invalid_argument || end != digits.data() + digits.size()) {
            return unknown(text);
        }
        if (error != std::errc() || number < row->min || number > row->max) {
            return fail(Error{.code = ErrorCode::InvalidRequest,
                              .message = "The sandbox's control '" + std::string(row->name) +
                                         "' takes a number from " + std::to_string(row->min) +
                                         " to " + std::to_string(row->max) + '.',
                              .param = "model"});
        }
    }
    row->set(controls, number);
    return {};
}

}  // namespace

Result<SandboxControls> read_controls(std::string_view model) {
    SandboxControls controls;
    if (model == "sandbox") return controls;
    if (model.starts_with("sandbox/")) model.remove_prefix(std::string_view("sandbox/").size());
    while (true) {
        const size_t plus = model.find('+');
        TRY_VOID(read_control(model.substr(0, plus), controls));
        if (plus == std::string_view::npos) return controls;
        model.remove_prefix(plus + 1);
    }
}

}  // namespace keywarden
