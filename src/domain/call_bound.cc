#include "domain/call_bound.h"

#include <algorithm>

namespace keywarden {

bool writes_text(std::string_view path) {
    return path == "/v1/chat/completions" || path == "/v1/completions" || path == "/v1/responses" ||
           path == "/v1/messages" || path == "/model/{id}/converse" ||
           path == "/model/{id}/converse-stream";
}

int64_t CallBound::all_output() const {
    int64_t product = 0;
    if (__builtin_mul_overflow(output_tokens, choices, &product)) return kTokensMax;
    return std::min(product, kTokensMax);
}

CallBound bound_of(const CallAsked& asked, const Price& price, bool is_bounded) {
    CallBound most{.input_tokens = asked.body_bytes, .choices = asked.choices};
    if (is_bounded) most.input_tokens += asked.shown * kShownTokensMax;
    most.has_output = writes_text(asked.path);
    if (!most.has_output) return most;
    const int64_t each = asked.output_tokens_max / asked.choices;
    const int64_t model_max =
        price.output_tokens_max > 0 ? price.output_tokens_max : kOutputTokensDefault;
    most.output_tokens = each > 0 ? each : model_max;
    return most;
}

}  // namespace keywarden
