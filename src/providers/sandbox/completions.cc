#include <utility>

#include "providers/sandbox/endpoints.h"
#include "providers/sandbox/text.h"

// The older text completions. Source: OpenAI's API reference, "Create completion".

namespace keywarden {
namespace {

struct CompletionAsk {
    std::vector<Ask> prompts{};
    int64_t choices = 1;
    bool echo = false;
    bool stream = false;
    bool include_usage = false;
};

/// A prompt is a string, or a list of token numbers that count as a word each.
Result<Ask> read_prompt(const Json& prompt) {
    Ask ask;
    if (prompt.is_string()) {
        ask.last_user_text = prompt.get<std::string>();
        ask.prompt_tokens = count_words(ask.last_user_text);
        return ask;
    }
    if (!prompt.is_array()) return bad_field("prompt", "must be a string, or a list of strings");
    for (const Json& token : prompt) {
        if (!token.is_number_unsigned()) return bad_field("prompt", "has a token that is none");
    }
    ask.prompt_tokens = prompt.size();
    return ask;
}

Result<std::vector<Ask>> read_prompts(const Json& body) {
    const Json* prompt = find_field(body, "prompt");
    if (prompt == nullptr) return bad_field("prompt", "is missing");
    const bool many = prompt->is_array() && !prompt->empty() && !prompt->front().is_number();
    const Json list = many ? *prompt : Json::array({*prompt});
    if (std::cmp_greater(list.size(), kChoicesMax)) {
        return bad_field("prompt", "is a list that is too long");
    }
    std::vector<Ask> asks;
    for (const Json& one : list) {
        TRY(Ask ask, read_prompt(one));
        asks.push_back(std::move(ask));
    }
    return asks;
}

Result<CompletionAsk> read_completion(const Json& body) {
    CompletionAsk out;
    TRY(out.prompts, read_prompts(body));
    TRY(const auto max_tokens, read_integer(body, "max_tokens", 0, kOutputTokensMax));
    for (Ask& ask : out.prompts) {
        ask.max_tokens = max_tokens;
        TRY_VOID(read_stop(body, ask));
    }
    TRY(const auto choices, read_integer(body, "n", 1, kChoicesMax));
    out.choices = choices.value_or(1);
    if (std::cmp_greater(out.prompts.size() * static_cast<size_t>(out.choices), kChoicesMax)) {
        return bad_field("n", "and the prompts together make too many choices");
    }
    TRY(out.echo, read_bool(body, "echo"));
    TRY(out.stream, read_bool(body, "stream"));
    if (const Json* options = find_field(body, "stream_options")) {
        if (!out.stream) return bad_field("stream_options", "is only for streams");
        TRY(out.include_usage, read_bool(*options, "include_usage"));
    }
    if (find_field(body, "logprobs") != nullptr) {
        return bad_field("logprobs", "is not supported by the sandbox");
    }
    return out;
}

OrderedJson completion_object(const SandboxCall& call) {
    return {{"id", make_id("cmpl-", call.seed)},
            {"object", "text_completion"},
            {"created", kSandboxCreated},
            {"model", call.model},
            {"system_fingerprint", "fp_sandbox"}};
}

OrderedJson choice_object(size_t index, std::string_view text, const OrderedJson& finish) {
    return {{"text", text}, {"index", index}, {"logprobs", nullptr}, {"finish_reason", finish}};
}

OrderedJson finish_of(const Reply& reply) { return reply.cut_short ? "length" : "stop"; }

}  // namespace

Result<SandboxAnswer> answer_completions(const SandboxCall& call) {
    TRY(const CompletionAsk asked, read_completion(call.body));
    std::vector<SandboxSteps::Part> parts;
    OrderedJson choices = OrderedJson::array();
    size_t prompt_tokens = 0;
    size_t tokens = 0;
    size_t bytes = 0;
    const auto frame = [&](const OrderedJson& choice) {
        OrderedJson chunk = completion_object(call);
        chunk["choices"] = OrderedJson::array({choice});
        if (asked.include_usage) chunk["usage"] = nullptr;
        return data_frame(chunk);
    };
    for (const Ask& ask : asked.prompts) {
        prompt_tokens += ask.prompt_tokens;
        for (int64_t n = 0; n < asked.choices; ++n) {
            const size_t index = choices.size();
            const Reply reply = make_reply(ask, call.controls, call.seed, index);
            tokens += reply.tokens;
            bytes += ask.last_user_text.size();
            TRY_VOID(count_reply(reply, bytes));
            std::string text = (asked.echo ? ask.last_user_text : "") + reply.text;
            choices.push_back(choice_object(index, text, finish_of(reply)));
            if (!asked.stream) continue;
            add_pieces(parts,
                       split_at_hole(frame(choice_object(index, kHole, nullptr)).before),
                       std::move(text),
                       call.controls,
                       PieceKind::Words);
            parts.push_back(frame(choice_object(index, "", finish_of(reply))));
        }
    }
    const OrderedJson usage = {{"prompt_tokens", prompt_tokens},
                               {"completion_tokens", tokens},
                               {"total_tokens", prompt_tokens + tokens}};
    OrderedJson body = completion_object(call);
    body["choices"] = asked.stream ? OrderedJson::array() : std::move(choices);
    body["usage"] = usage;
    if (!asked.stream) return whole_answer(to_text(body));
    if (asked.include_usage) parts.push_back(data_frame(body));
    parts.push_back(raw_frame("data: [DONE]\n\n"));
    return streamed_answer(std::move(parts));
}

}  // namespace keywarden
