#include <algorithm>
#include <array>
#include <utility>

#include "base/json/write.h"
#include "domain/price.h"
#include "providers/chat/dialects.h"

namespace keywarden::chat {
namespace {

constexpr std::string_view kData = "data:";
constexpr std::string_view kBase64 = ";base64,";

struct StopRow {
    ChatStop stop;
    std::string_view openai;
    std::string_view anthropic;
    std::string_view converse;
};
// The first row of a word is what it means, the first of a stop how it is written.
constexpr std::array kStops = {
    StopRow{ChatStop::End, "stop", "end_turn", "end_turn"},
    StopRow{ChatStop::Length, "length", "max_tokens", "max_tokens"},
    StopRow{ChatStop::Sequence, "stop", "stop_sequence", "stop_sequence"},
    StopRow{ChatStop::Tools, "tool_calls", "tool_use", "tool_use"},
    StopRow{ChatStop::Refusal, "content_filter", "refusal", "content_filtered"},
    StopRow{ChatStop::Length,
            "length",
            "model_context_window_exceeded",
            "model_context_window_exceeded"},
    StopRow{ChatStop::Tools, "function_call", "tool_use", "tool_use"},
    StopRow{ChatStop::Refusal, "content_filter", "refusal", "guardrail_intervened"},
};

std::optional<int64_t> count(const Json& object, const char* name) {
    const Json* value = find_field(object, name);
    if (value == nullptr || !value->is_number_integer()) return std::nullopt;
    const auto number = value->get<int64_t>();
    return number < 0 ? std::nullopt : std::optional(std::min(number, kTokensMax));
}

std::optional<int64_t> inner_count(const Json& object, const char* holder, const char* name) {
    const Json* inner = find_field(object, holder);
    return inner == nullptr ? std::nullopt : count(*inner, name);
}

/// What Converse says that it keeps in its cache for an hour.
std::optional<int64_t> count_for_an_hour(const Json& usage) {
    const Json* details = find_field(usage, "cacheDetails");
    if (details == nullptr || !details->is_array()) return std::nullopt;
    int64_t sum = 0;
    for (const Json& detail : *details) {
        if (text_in(detail, "ttl") != "1h") continue;
        sum = std::min(sum + count(detail, "inputTokens").value_or(0), kTokensMax);
    }
    return sum;
}

/// Of what was written into a cache, how much is there for an hour, where that is known.
int64_t hour_of(const TokenUsage& usage) {
    return std::min(usage.cache_write_1h.value_or(0), usage.cache_write.value_or(0));
}

/// Where the input was told without what the caches took and gave.
void add_caches(TokenUsage& usage) {
    if (!usage.input) return;
    *usage.input += usage.cached_input.value_or(0) + usage.cache_write.value_or(0);
    *usage.input = std::min(*usage.input, kTokensMax);
}

/// `dialect`: the column that the reason stands in.
ChatStop read_stop(std::string_view StopRow::* dialect, std::string_view reason, bool calls_tools) {
    const auto* const row = std::ranges::find(kStops, reason, dialect);
    const ChatStop stop = row == kStops.end() ? ChatStop::End : row->stop;
    const bool is_whole = stop == ChatStop::End || stop == ChatStop::Sequence;
    return is_whole && calls_tools ? ChatStop::Tools : stop;
}

}  // namespace

std::string_view openai_stop(ChatStop stop) {
    for (const StopRow& row : kStops) {
        if (row.stop == stop) return row.openai;
    }
    return kStops.front().openai;
}

std::string_view anthropic_stop(ChatStop stop) {
    for (const StopRow& row : kStops) {
        if (row.stop == stop) return row.anthropic;
    }
    return kStops.front().anthropic;
}

std::string_view converse_stop(ChatStop stop) {
    for (const StopRow& row : kStops) {
        if (row.stop == stop) return row.converse;
    }
    return kStops.front().converse;
}

ChatStop read_openai_stop(std::string_view reason, bool calls_tools, bool has_refused) {
    const auto* const row = std::ranges::find(kStops, reason, &StopRow::openai);
    if (row != kStops.end() && row->stop != ChatStop::End) return row->stop;
    if (calls_tools) return ChatStop::Tools;
    return has_refused ? ChatStop::Refusal : ChatStop::End;
}

ChatStop read_anthropic_stop(std::string_view reason, bool calls_tools) {
    return read_stop(&StopRow::anthropic, reason, calls_tools);
}

ChatStop read_converse_stop(std::string_view reason, bool calls_tools) {
    return read_stop(&StopRow::converse, reason, calls_tools);
}

TokenUsage read_openai_usage(const Json& usage) {
    return {.input = count(usage, "prompt_tokens"),
            .output = count(usage, "completion_tokens"),
            .cached_input = inner_count(usage, "prompt_tokens_details", "cached_tokens"),
            .cache_write = inner_count(usage, "prompt_tokens_details", "cache_write_tokens"),
            .reasoning = inner_count(usage, "completion_tokens_details", "reasoning_tokens")};
}

TokenUsage read_anthropic_usage(const Json& usage) {
    TokenUsage out{
        .input = count(usage, "input_tokens"),
        .output = count(usage, "output_tokens"),
        .cached_input = count(usage, "cache_read_input_tokens"),
        .cache_write = count(usage, "cache_creation_input_tokens"),
        .reasoning = inner_count(usage, "output_tokens_details", "thinking_tokens"),
        .cache_write_1h = inner_count(usage, "cache_creation", "ephemeral_1h_input_tokens")};
    add_caches(out);
    return out;
}

TokenUsage read_converse_usage(const Json& usage) {
    TokenUsage out{.input = count(usage, "inputTokens"),
                   .output = count(usage, "outputTokens"),
                   .cached_input = count(usage, "cacheReadInputTokens"),
                   .cache_write = count(usage, "cacheWriteInputTokens"),
                   .cache_write_1h = count_for_an_hour(usage)};
    if (out.cached_input || out.cache_write) out.input = out.input.value_or(0);
    add_caches(out);
    return out;
}

Json write_openai_usage(const TokenUsage& usage) {
    const int64_t input = usage.input.value_or(0);
    const int64_t output = usage.output.value_or(0);
    Json out = {{"prompt_tokens", input},
                {"completion_tokens", output},
                {"total_tokens", input + output},
                {"prompt_tokens_details",
                 {{"cached_tokens", usage.cached_input.value_or(0)},
                  {"cache_write_tokens", usage.cache_write.value_or(0)}}}};
    if (usage.reasoning) {
        out["completion_tokens_details"] = {{"reasoning_tokens", *usage.reasoning}};
    }
    return out;
}

Json write_anthropic_usage(const TokenUsage& usage) {
    const int64_t cached = usage.cached_input.value_or(0);
    const int64_t written = usage.cache_write.value_or(0);
    Json out = {{"input_tokens", std::max<int64_t>(0, usage.input.value_or(0) - cached - written)},
                {"cache_creation_input_tokens", written},
                {"cache_read_input_tokens", cached},
                {"output_tokens", usage.output.value_or(0)}};
    if (usage.reasoning) out["output_tokens_details"] = {{"thinking_tokens", *usage.reasoning}};
    if (usage.cache_write_1h) {
        out["cache_creation"] = {{"ephemeral_5m_input_tokens", written - hour_of(usage)},
                                 {"ephemeral_1h_input_tokens", hour_of(usage)}};
    }
    return out;
}

Json write_converse_usage(const TokenUsage& usage) {
    const int64_t cached = usage.cached_input.value_or(0);
    const int64_t written = usage.cache_write.value_or(0);
    const int64_t output = usage.output.value_or(0);
    const int64_t rest = std::max<int64_t>(0, usage.input.value_or(0) - cached - written);
    Json out = {{"inputTokens", rest},
                {"outputTokens", output},
                {"totalTokens", rest + cached + written + output},
                {"cacheReadInputTokens", cached},
                {"cacheWriteInputTokens", written}};
    if (!usage.cache_write_1h) return out;
    Json& details = out["cacheDetails"] = Json::array();
    const int64_t hour = hour_of(usage);
    if (hour > 0) details.push_back({{"ttl", "1h"}, {"inputTokens", hour}});
    if (written > hour) details.push_back({{"ttl", "5m"}, {"inputTokens", written - hour}});
    return out;
}

bool read_data_url(std::string_view url, ChatMedia& media) {
    const size_t mark = url.find(kBase64);
    if (!url.starts_with(kData) || mark == std::string_view::npos) return false;
    const std::string_view type = url.substr(kData.size(), mark - kData.size());
    media.type = type.substr(0, type.find(';'));
    media.base64 = url.substr(mark + kBase64.size());
    return true;
}

std::string data_url(const ChatMedia& media) {
    return std::string(kData) + media.type + std::string(kBase64) + media.base64;
}

bool read_thinking_blocks(const Json& message, std::vector<ChatPart>& out) {
    const Json* blocks = find_field(message, "thinking_blocks");
    if (blocks == nullptr || !blocks->is_array()) return false;
    for (const Json& block : *blocks) {
        const bool is_redacted =
            block.is_object() && block.value("type", Json()) == "redacted_thinking";
        ChatPart part{.kind = is_redacted ? ChatPart::Kind::RedactedThinking
                                          : ChatPart::Kind::Thinking};
        part.text = read_string(block, is_redacted ? "data" : "thinking").value_or("");
        part.signature = read_string(block, "signature").value_or("");
        out.push_back(std::move(part));
    }
    return true;
}

Json thinking_block(const ChatPart& part) {
    if (part.kind == ChatPart::Kind::RedactedThinking) {
        return {{"type", "redacted_thinking"}, {"data", part.text}};
    }
    return {{"type", "thinking"}, {"thinking", part.text}, {"signature", part.signature}};
}

std::string text_member(std::string_view name, std::string_view text) {
    std::string out;
    out.reserve(name.size() + text.size() + 8);
    out += '"';
    out += name;
    out += "\":";
    append_json_string(out, text);
    return out;
}

std::string openai_content(const Json& message) {
    const Json* content = find_field(message, "content");
    if (content == nullptr || !content->is_array()) return text_in(message, "content");
    std::string out;
    for (const Json& part : *content) out += text_in(part, "text");
    return out;
}

std::string openai_reasoning(const Json& message) {
    std::string text = text_in(message, "reasoning_content");
    return text.empty() ? text_in(message, "reasoning") : std::move(text);
}

Json tool_input(const std::string& json) {
    if (json.empty()) return Json::object();
    Json value = parse_object(json);
    return value.is_object() ? std::move(value) : Json{{"_arguments", json}};
}

bool says_something(const ChatPart& part) {
    switch (part.kind) {
        case ChatPart::Kind::Text:
            return !part.text.empty();
        case ChatPart::Kind::Image:
        case ChatPart::Kind::Document:
            return !part.text.empty() || !part.media.base64.empty() || !part.media.url.empty();
        default:
            return true;
    }
}

std::string cache_of(const Json& holder) {
    const Json* marker = find_field(holder, "cache_control");
    return marker == nullptr ? std::string() : to_text(*marker);
}

std::string text_of(const std::vector<ChatPart>& parts) {
    std::string out;
    for (const ChatPart& part : parts) {
        if (part.kind == ChatPart::Kind::Text) out += part.text;
    }
    return out;
}

void note_others(const Json& object,
                 std::span<const std::string_view> known,
                 std::string_view prefix,
                 std::set<std::string>& left) {
    if (!object.is_object()) return;
    for (const auto& [name, value] : object.items()) {
        const bool asks = !value.is_null() && !(value.is_structured() && value.empty());
        if (!asks || std::ranges::find(known, name) != known.end()) continue;
        left.insert(std::string(prefix) + name);
    }
}

void note_rest(const Json& body,
               std::span<const std::string_view> known,
               std::span<const std::string_view> hints,
               Leftovers& left) {
    std::set<std::string> rest;
    note_others(body, known, "", rest);
    for (const std::string& name : rest) {
        const bool is_hint = std::ranges::find(hints, name) != hints.end();
        (is_hint ? left.hints : left.meanings).insert(name);
    }
}

std::unexpected<Error> no_answer(std::string_view what) {
    return fail(ErrorCode::UpstreamError,
                "The provider's answer could not be read.",
                "translation: " + std::string(what));
}

}  // namespace keywarden::chat
