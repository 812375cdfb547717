#include "providers/tools.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "base/json/scan.h"
#include "domain/compiled_policy.h"
#include "tests/fuzz/targets.h"

namespace keywarden {
namespace {

std::string_view take_line(std::string_view& text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    return line;
}

ToolDialect dialect_of(std::string_view name) {
    if (name == "chat") return ToolDialect::Chat;
    if (name == "responses") return ToolDialect::Responses;
    return name == "messages" ? ToolDialect::Messages : ToolDialect::Converse;
}

const ToolLists& lists() {
    static const auto policy = std::make_shared<const CompiledPolicy>(
        Policy{.tools = {.allow = {{*Glob::parse("a"), *Glob::parse("get_*")}},
                         .deny = {*Glob::parse("get_secret")}}});
    static const std::array<PolicyLink, 1> chain = {PolicyLink{Scope::Key, policy.get()}};
    static const ToolLists all(chain);
    return all;
}

Result<std::string> feed(ToolDialect dialect, std::string_view input, size_t step) {
    ToolStream stream(dialect, {.lists = &lists()});
    std::string out;
    for (size_t at = 0; at < input.size(); at += step) {
        TRY_VOID(stream.feed(input.substr(at, step), out));
    }
    TRY_VOID(stream.finish(out));
    return out;
}

/// Where a CR and its LF come apart, and the event that they end is taken out, the LF stays: an
/// empty line, which says nothing.
std::string without_line_ends(std::string text) {
    std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
    return text;
}

// What went through goes through again, and nothing of it is taken out: nothing was left in.
void stream(ToolDialect dialect, std::string_view input) {
    const auto out = feed(dialect, input, std::max<size_t>(input.size(), 1));
    if (input.size() <= kByteByByteMax) {
        const auto other = feed(dialect, input, 1);
        must(out.has_value() == other.has_value());
        if (out) must(without_line_ends(*out) == without_line_ends(*other));
    }
    if (!out) return;
    const auto again = feed(dialect, *out, std::max<size_t>(out->size(), 1));
    must(again.has_value() && without_line_ends(*again) == without_line_ends(*out));
}

void answer(ToolDialect dialect, std::string_view input) {
    const auto changed = filter_answer(dialect, input, {.lists = &lists()});
    if (!changed) return must(changed.error().code == ErrorCode::UpstreamError);
    if (!*changed) return;
    must(find_json_members(**changed, {}, {}).has_value());
    const auto again = filter_answer(dialect, **changed, {.lists = &lists()});
    must(again.has_value() && !*again);
}

void request(ToolDialect dialect, std::string_view input) {
    if (!find_json_members(input, {}, {})) return;  // Requires
    const auto pruned = prune_tools(dialect, input, lists());
    if (!pruned || !pruned->body) return;
    must(find_json_members(*pruned->body, {}, {}).has_value());
    const auto again = prune_tools(dialect, *pruned->body, lists());
    must(again.has_value() && !again->body && again->kept == again->offered);
    must(again->offered == pruned->kept);
}

}  // namespace

// The input's first line is a dialect, its second what it is, the rest a body.
void fuzz_tools(std::string_view input) {
    const ToolDialect dialect = dialect_of(take_line(input));
    const std::string_view kind = take_line(input);
    if (kind == "stream") return stream(dialect, input);
    if (kind == "answer") return answer(dialect, input);
    request(dialect, input);
}

}  // namespace keywarden
