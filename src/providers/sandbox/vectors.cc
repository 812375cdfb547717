#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <span>
#include <utility>

#include "base/crypto.h"
#include "base/json/write.h"
#include "providers/sandbox/endpoints.h"
#include "providers/sandbox/text.h"

// Embeddings, rerank and moderations: all three look at which words a text has.
// Source: OpenAI's API reference, "Create embeddings" and "Create moderation"; Cohere's "Rerank".

namespace keywarden {
namespace {

constexpr size_t kInputsMax = 2048;
constexpr int64_t kDimensionsByDefault = 1536;
constexpr int64_t kDimensionsMax = 4096;
constexpr size_t kNumbersMax = size_t{4} * 1024 * 1024;  // inputs × dimensions
constexpr size_t kWordsOfATextMax = 256;                 // those behind them do not count
constexpr size_t kRerankDimensions = 256;

static_assert(std::endian::native == std::endian::little, "base64 vectors are little-endian");

/// A unit vector that is the sum of one for each word: texts with common words are near each other.
std::vector<float> embed(std::span<const std::string> words, size_t dimensions) {
    std::vector<int32_t> sum(dimensions);
    for (const std::string& word : words.first(std::min(words.size(), kWordsOfATextMax))) {
        SeededNumbers numbers(seed_of(word));
        uint64_t bits = 0;
        for (size_t i = 0; i < dimensions; ++i) {
            if (i % 8 == 0) bits = numbers.next();
            sum[i] += static_cast<int32_t>(bits & 0xff) * 2 - 255;  // never 0
            bits >>= 8;
        }
    }
    double square = 0;
    for (const int32_t value : sum) square += static_cast<double>(value) * value;
    if (square == 0) {  // no word at all
        sum[0] = 1;
        square = 1;
    }
    const double length = std::sqrt(square);
    std::vector<float> unit(dimensions);
    std::ranges::transform(sum, unit.begin(), [&](int32_t value) {
        return static_cast<float>(static_cast<double>(value) / length);
    });
    return unit;
}

struct Input {
    std::vector<std::string> words{};
    size_t tokens = 0;
};

Result<Input> read_input(const Json& input) {
    if (input.is_string()) {
        const auto& text = input.get_ref<const std::string&>();
        return Input{plain_words(text), count_words(text)};
    }
    Input out{.tokens = input.size()};
    for (const Json& token : input) {
        if (!input.is_array() || !token.is_number_unsigned()) {
            return bad_field("input", "must be a string, a list of strings, or lists of tokens");
        }
        out.words.push_back(std::to_string(token.get<uint64_t>()));
    }
    return out;
}

Result<std::vector<Input>> read_inputs(const Json& body) {
    const Json* input = find_field(body, "input");
    const bool empty = input == nullptr || (!input->is_string() && input->empty());
    if (empty || !(input->is_string() || input->is_array())) {
        return bad_field("input", "must be a string, a list of strings, or lists of tokens");
    }
    const bool many = input->is_array() && !input->front().is_number();
    const Json list = many ? *input : Json::array({*input});
    if (list.size() > kInputsMax) return bad_field("input", "has more than 2048 texts");
    std::vector<Input> inputs;
    for (const Json& one : list) {
        TRY(Input read, read_input(one));
        inputs.push_back(std::move(read));
    }
    return inputs;
}

void append_vector(std::string& out, const std::vector<float>& vector, bool base64) {
    if (base64) {
        std::string bytes(vector.size() * sizeof(float), '\0');
        std::memcpy(bytes.data(), vector.data(), bytes.size());
        out += '"' + to_base64(bytes) + '"';
        return;
    }
    out += '[';
    for (const float value : vector) fmt::format_to(std::back_inserter(out), "{},", value);
    out.back() = ']';
}

/// All texts of a request whose field is a string, or a list of strings or of {"text"}.
Result<std::vector<std::string>> read_texts(const Json& body, const std::string& field) {
    const Json* value = find_field(body, field);
    if (value == nullptr) return bad_field(field, "is missing");
    const Json list = value->is_array() ? *value : Json::array({*value});
    if (list.size() > kInputsMax) return bad_field(field, "has more than 2048 texts");
    std::vector<std::string> texts;
    for (const Json& one : list) {
        if (!one.is_string() && !one.is_object()) return bad_field(field, "must be texts");
        if (one.is_string()) {
            texts.push_back(one);
        } else {
            TRY(std::string text, read_string(one, "text"));
            texts.push_back(std::move(text));
        }
    }
    return texts;
}

OrderedJson rerank_row(size_t index, double score, const std::string* document) {
    OrderedJson row = {{"index", index}, {"relevance_score", score}};
    if (document != nullptr) row["document"] = {{"text", *document}};
    return row;
}

constexpr std::array<std::string_view, 13> kCategories = {"harassment",
                                                          "harassment/threatening",
                                                          "hate",
                                                          "hate/threatening",
                                                          "illicit",
                                                          "illicit/violent",
                                                          "self-harm",
                                                          "self-harm/instructions",
                                                          "self-harm/intent",
                                                          "sexual",
                                                          "sexual/minors",
                                                          "violence",
                                                          "violence/graphic"};

/// A text is flagged in each category all of whose words it has: "hate", "self" and "harm".
OrderedJson moderate(const std::string& text) {
    const std::vector<std::string> words = plain_words(text);
    OrderedJson flags = OrderedJson::object();
    OrderedJson scores = OrderedJson::object();
    OrderedJson types = OrderedJson::object();
    bool flagged = false;
    for (const std::string_view category : kCategories) {
        const bool hit = std::ranges::all_of(plain_words(category), [&](const std::string& word) {
            return std::ranges::find(words, word) != words.end();
        });
        const std::string name(category);
        flags[name] = hit;
        scores[name] = hit ? 0.99 : 0.01;
        types[name] = OrderedJson::array({"text"});
        flagged = flagged || hit;
    }
    return {{"flagged", flagged},
            {"categories", flags},
            {"category_scores", scores},
            {"category_applied_input_types", types}};
}

}  // namespace

Result<SandboxAnswer> answer_embeddings(const SandboxCall& call) {
    TRY(const std::vector<Input> inputs, read_inputs(call.body));
    TRY(const auto asked, read_integer(call.body, "dimensions", 1, kDimensionsMax));
    const auto dimensions = static_cast<size_t>(asked.value_or(kDimensionsByDefault));
    if (inputs.size() * dimensions > kNumbersMax) {
        return bad_field("input", "and dimensions together are more than the sandbox makes");
    }
    TRY(const std::string format, read_string(call.body, "encoding_format"));
    if (!format.empty() && format != "float" && format != "base64") {
        return bad_field("encoding_format", "must be float or base64");
    }
    std::string body = R"({"object":"list","data":[)";
    size_t tokens = 0;
    for (size_t i = 0; i < inputs.size(); ++i) {
        if (i > 0) body += ',';
        body += R"({"object":"embedding","index":)" + std::to_string(i) + R"(,"embedding":)";
        append_vector(body, embed(inputs[i].words, dimensions), format == "base64");
        body += '}';
        tokens += inputs[i].tokens;
    }
    body += R"(],"model":)";
    append_json_string(body, call.model);
    body += fmt::format(R"(,"usage":{{"prompt_tokens":{0},"total_tokens":{0}}}}})", tokens);
    return whole_answer(std::move(body));
}

Result<SandboxAnswer> answer_rerank(const SandboxCall& call) {
    TRY(const std::string query, read_string(call.body, "query"));
    if (query.empty()) return bad_field("query", "is missing");
    TRY(const std::vector<std::string> documents, read_texts(call.body, "documents"));
    if (documents.empty()) return bad_field("documents", "must have at least one document");
    TRY(const auto top, read_integer(call.body, "top_n", 1, INT64_MAX));
    TRY(const bool with_documents, read_bool(call.body, "return_documents"));

    const std::vector<float> wanted = embed(plain_words(query), kRerankDimensions);
    std::vector<std::pair<double, size_t>> order;
    size_t tokens = count_words(query) * documents.size();
    for (size_t i = 0; i < documents.size(); ++i) {
        const std::vector<float> vector = embed(plain_words(documents[i]), kRerankDimensions);
        double cosine = 0;
        for (size_t k = 0; k < vector.size(); ++k) {
            cosine += static_cast<double>(vector[k]) * static_cast<double>(wanted[k]);
        }
        order.emplace_back(std::round(std::clamp(cosine, 0.0, 1.0) * 1e6) / 1e6, i);
        tokens += count_words(documents[i]);
    }
    std::ranges::sort(order, [](const auto& a, const auto& b) {
        return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    if (top && std::cmp_less(*top, order.size())) order.resize(static_cast<size_t>(*top));

    OrderedJson results = OrderedJson::array();
    for (const auto& [score, index] : order) {
        results.push_back(rerank_row(index, score, with_documents ? &documents[index] : nullptr));
    }
    return whole_answer(to_text(OrderedJson{{"id", make_id("rerank-", call.seed)},
                                            {"object", "list"},
                                            {"model", call.model},
                                            {"results", results},
                                            {"meta", {{"billed_units", {{"search_units", 1}}}}},
                                            {"usage", {{"total_tokens", tokens}}}}));
}

Result<SandboxAnswer> answer_moderations(const SandboxCall& call) {
    TRY(const std::vector<std::string> texts, read_texts(call.body, "input"));
    OrderedJson results = OrderedJson::array();
    for (const std::string& text : texts) results.push_back(moderate(text));
    return whole_answer(to_text(OrderedJson{
        {"id", make_id("modr-", call.seed)}, {"model", call.model}, {"results", results}}));
}

}  // namespace keywarden
