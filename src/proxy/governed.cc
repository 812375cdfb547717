#include "proxy/governed.h"

#include <algorithm>
#include <utility>

#include "base/http.h"
#include "base/json/edit.h"
#include "base/json/write.h"

namespace keywarden {
namespace {

struct Rule {
    Governed field;
    std::string_view name;
    JsonType type;  // null is always taken too, but for the model
    bool is_credential = false;
};

constexpr std::array kRules = {
    Rule{Governed::Model, "model", JsonType::String},
    Rule{Governed::Stream, "stream", JsonType::Bool},
    Rule{Governed::StreamOptions, "stream_options", JsonType::Object},
    Rule{Governed::MaxTokens, "max_tokens", JsonType::Number},
    Rule{Governed::MaxCompletionTokens, "max_completion_tokens", JsonType::Number},
    Rule{Governed::MaxOutputTokens, "max_output_tokens", JsonType::Number},
    Rule{Governed::N, "n", JsonType::Number},
    Rule{Governed::Messages, "messages", JsonType::Array},
    Rule{Governed::Tools, "tools", JsonType::Array},
    Rule{Governed::ApiKey, "api_key", JsonType::String, true},
    Rule{Governed::AwsAccessKeyId, "aws_access_key_id", JsonType::String, true},
    Rule{Governed::AwsSecretAccessKey, "aws_secret_access_key", JsonType::String, true},
    Rule{Governed::AwsSessionToken, "aws_session_token", JsonType::String, true},
    Rule{Governed::AwsRegionName, "aws_region_name", JsonType::String, true},
    Rule{Governed::AwsBearerTokenBedrock, "aws_bearer_token_bedrock", JsonType::String, true},
};

constexpr bool rows_follow_the_enum() {
    for (size_t i = 0; i < kRules.size(); ++i) {
        if (kRules[i].field != static_cast<Governed>(i)) return false;
    }
    return kRules.size() == static_cast<size_t>(Governed::kCount);
}
static_assert(rows_follow_the_enum());

constexpr auto kNames = [] {
    std::array<std::string_view, kRules.size()> names;
    for (size_t i = 0; i < kRules.size(); ++i) names[i] = kRules[i].name;
    return names;
}();

constexpr std::array<std::string_view, 1> kIncludeUsage = {"include_usage"};
/// Members of Converse that we rule on. AWS takes a name in this case only.
constexpr std::array<std::string_view, 1> kConverseNames = {"inferenceConfig"};
constexpr std::array<std::string_view, 1> kMaxTokens = {"maxTokens"};

std::unexpected<Error> wrong(std::string_view field, std::string_view what) {
    return fail(Error{
        .code = ErrorCode::InvalidRequest,
        .message = "The field '" + std::string(field) + "' must be " + std::string(what) + ".",
        .param = std::string(field)});
}

bool needs_escapes(std::string_view text) {
    return std::ranges::any_of(
        text, [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == '"' || c == '\\'; });
}

}  // namespace

std::string_view ruled_form_field(std::string_view name) {
    for (const Rule& rule : kRules) {
        const bool is_ruled = rule.is_credential || rule.field == Governed::Model;
        if (is_ruled && equal_ignoring_case(rule.name, name)) return rule.name;
    }
    return {};
}

Result<void> check_own_key(std::string_view key) {
    const auto is_visible = [](char c) { return c > ' ' && c < 0x7f; };
    if (std::ranges::all_of(key, is_visible)) return {};
    return wrong("api_key", "a key of the provider");
}

Result<void> GovernedBody::read_members(std::string_view text) {
    static constexpr std::array<std::string_view, 5> kShown = {"image_url",
                                                               "input_image",
                                                               "input_audio",
                                                               "input_file",
                                                               "source"};  // the last: Anthropic's
    text_ = text;
    JsonTextCount shown{.texts = kShown};
    TRY_VOID(find_json_members(text, kNames, members_, OtherCase::IsRefused, &shown));
    shown_ = shown.count;
    return {};
}

Result<void> GovernedBody::read(std::string_view text) {
    TRY_VOID(read_members(text));
    TRY_VOID(check_model());
    TRY_VOID(check_types());
    TRY_VOID(read_stream_options());
    const auto model = json_text(member(Governed::Model).text_of(text), model_scratch_);
    if (!model || model->empty()) return wrong("model", "the id of a model");
    model_ = *model;
    streams_ = member(Governed::Stream).text_of(text) == "true";
    return read_api_key();
}

Result<void> GovernedBody::read_converse(std::string_view text) {
    is_converse_ = true;
    TRY_VOID(read_members(text));
    TRY_VOID(check_types());
    std::array<JsonMember, kConverseNames.size()> found;
    TRY_VOID(find_json_members(text, kConverseNames, found));
    inference_ = found[0];
    inference_max_ = {};
    if (inference_.present && inference_.type != JsonType::Null) {
        if (inference_.type != JsonType::Object) {
            return wrong(kConverseNames[0], name(JsonType::Object));
        }
        const std::string_view config = inference_.text_of(text);
        TRY_VOID(find_json_members(config, kMaxTokens, {&inference_max_, 1}));
        const bool is_bound = inference_max_.present && inference_max_.type != JsonType::Null;
        if (is_bound && json_integer(inference_max_.text_of(config)).value_or(0) < 1) {
            return wrong("inferenceConfig.maxTokens", "a whole number of at least 1");
        }
    }
    return read_api_key();
}

Result<void> GovernedBody::read_api_key() {
    const JsonMember& key = member(Governed::ApiKey);
    if (key.type != JsonType::String) return {};
    const auto value = json_text(key.text_of(text_), api_key_scratch_);
    if (!value) return wrong("api_key", "a key of the provider");  // half a surrogate
    TRY_VOID(check_own_key(*value));
    api_key_ = *value;
    return {};
}

Result<Secret> GovernedBody::word(Governed field) const {
    const JsonMember& member = this->member(field);
    if (!member.present || member.type != JsonType::String) return Secret();
    std::string scratch;
    const auto value = json_text(member.text_of(text_), scratch);
    const auto is_visible = [](char c) { return c > ' ' && c < 0x7f; };
    if (value && std::ranges::all_of(*value, is_visible)) return Secret(std::string(*value));
    return wrong(kRules.at(static_cast<size_t>(field)).name, "one word of visible ASCII");
}

Result<void> GovernedBody::check_model() const {
    if (member(Governed::Model).present) return {};
    return fail(Error{.code = ErrorCode::InvalidRequest,
                      .message = "The field 'model' is missing.",
                      .param = "model"});
}

Result<void> GovernedBody::check_types() const {
    for (size_t i = 0; i < kRules.size(); ++i) {
        const JsonMember& member = members_[i];
        if (!member.present) continue;
        const bool may_be_null = kRules[i].field != Governed::Model;
        if (member.type == JsonType::Null && may_be_null) continue;
        if (member.type != kRules[i].type) return wrong(kRules[i].name, name(kRules[i].type));
        if (member.type != JsonType::Number) continue;
        const auto number = json_integer(member.text_of(text_));
        if (!number || *number < 0) return wrong(kRules[i].name, "a whole number");
    }
    return {};
}

int64_t GovernedBody::output_tokens_max() const {
    if (is_converse_) {
        const std::string_view config = inference_.text_of(text_);
        return json_integer(inference_max_.text_of(config)).value_or(0);
    }
    const auto number = [this](Governed field) {
        return json_integer(member(field).text_of(text_)).value_or(0);
    };
    const int64_t most = std::max({number(Governed::MaxTokens),
                                   number(Governed::MaxCompletionTokens),
                                   number(Governed::MaxOutputTokens)});
    int64_t product = 0;
    return __builtin_mul_overflow(most, choices(), &product) ? INT64_MAX : product;
}

int64_t GovernedBody::choices() const {
    const auto number = json_integer(member(Governed::N).text_of(text_));
    return std::max(number.value_or(1), int64_t{1});
}

Result<void> GovernedBody::read_stream_options() {
    const JsonMember& options = member(Governed::StreamOptions);
    include_usage_ = {};
    if (options.type != JsonType::Object) return {};
    const std::string_view text = options.text_of(text_);
    TRY_VOID(find_json_members(text, kIncludeUsage, {&include_usage_, 1}, OtherCase::IsRefused));
    if (!include_usage_.present || include_usage_.type == JsonType::Null) return {};
    if (include_usage_.type != JsonType::Bool) {
        return wrong("stream_options.include_usage", name(JsonType::Bool));
    }
    asks_for_usage_ = include_usage_.text_of(text) == "true";
    return {};
}

void GovernedBody::ask_for_usage(Splice& splice) const {
    const JsonMember& options = member(Governed::StreamOptions);
    if (!options.present) {
        splice.insert(member(Governed::Model).key.begin,
                      R"("stream_options":{"include_usage":true},)");
    } else if (options.type == JsonType::Null) {
        splice.replace(options.value, R"({"include_usage":true})");
    } else if (include_usage_.present) {
        const uint32_t begin = options.value.begin + include_usage_.value.begin;
        splice.replace({begin, begin + include_usage_.value.size()}, "true");
    } else {
        const std::string_view inside = options.text_of(text_).substr(1);
        const bool is_empty = inside[inside.find_first_not_of(" \t\r\n")] == '}';
        splice.insert(options.value.begin + 1,
                      is_empty ? R"("include_usage":true)" : R"("include_usage":true,)");
    }
}

void GovernedBody::bound_output(Splice& splice, const BodyEdits& edits) {
    output_json_ = std::to_string(edits.output_tokens_max);
    bool is_bounded = false;
    for (const Governed field :
         {Governed::MaxTokens, Governed::MaxCompletionTokens, Governed::MaxOutputTokens}) {
        const JsonMember& member = this->member(field);
        if (member.type != JsonType::Number) continue;
        is_bounded = true;
        if (json_integer(member.text_of(text_)).value_or(0) <= edits.output_tokens_max) continue;
        splice.replace(member.value, output_json_);
    }
    if (is_bounded) return;
    if (const JsonMember& absent = member(edits.output_member); absent.present) {
        splice.replace(absent.value, output_json_);  // it was null
        return;
    }
    const std::string_view name = kRules.at(static_cast<size_t>(edits.output_member)).name;
    output_member_ = '"' + std::string(name) + "\":" + output_json_ + ',';
    splice.insert(member(Governed::Model).key.begin, output_member_);
}

void GovernedBody::bound_converse_output(Splice& splice, const BodyEdits& edits) {
    const std::string bound = std::to_string(edits.output_tokens_max);
    const std::string_view config = inference_.text_of(text_);
    if (inference_max_.present) {
        const auto asked = json_integer(inference_max_.text_of(config));
        if (asked && *asked <= edits.output_tokens_max) return;
        output_json_ = bound;
        const uint32_t begin = inference_.value.begin + inference_max_.value.begin;
        splice.replace({begin, begin + inference_max_.value.size()}, output_json_);
        return;
    }
    const auto goes_on = [](std::string_view object) {
        return object[object.find_first_not_of(" \t\r\n", 1)] != '}';
    };
    output_json_ = R"("maxTokens":)" + bound;
    if (inference_.type == JsonType::Object) {
        if (goes_on(config)) output_json_ += ',';
        splice.insert(inference_.value.begin + 1, output_json_);
        return;
    }
    if (inference_.present) {  // it is null
        output_member_ = "{" + output_json_ + "}";
        splice.replace(inference_.value, output_member_);
        return;
    }
    const size_t begin = text_.find('{');
    output_member_ = R"("inferenceConfig":{)" + output_json_ + "}";
    if (goes_on(text_.substr(begin))) output_member_ += ',';
    splice.insert(begin + 1, output_member_);
}

void GovernedBody::take_out(Splice& splice, bool stream_options) const {
    std::array<JsonMember, kCount> members;
    size_t count = 0;
    for (size_t i = 0; i < kRules.size(); ++i) {
        const bool goes = kRules[i].is_credential ||
                          (stream_options && kRules[i].field == Governed::StreamOptions);
        if (goes && members_[i].present) members[count++] = members_[i];
    }
    const auto removed = std::span(members).first(count);
    std::ranges::sort(removed, {}, [](const JsonMember& member) { return member.key.begin; });
    splice.remove(removed);
}

void GovernedBody::rename_output_max(Splice& splice) const {
    const JsonMember& named = member(Governed::MaxCompletionTokens);
    if (named.type == JsonType::Number && !member(Governed::MaxTokens).present) {
        splice.replace(named.key, R"("max_tokens")");
    }
}

void GovernedBody::rename_developers(Splice& splice) const {
    const JsonMember& messages = member(Governed::Messages);
    if (messages.type != JsonType::Array) return;
    JsonElements elements(messages.text_of(text_));
    for (auto message = elements.next(); !message.empty(); message = elements.next()) {
        if (message.front() != '{') continue;
        JsonPairs pairs(message);
        for (JsonPair pair = pairs.next(); !pair.value.empty(); pair = pairs.next()) {
            if (pair.key != "role" || pair.value != R"("developer")") continue;
            if (splice.room() == 0) return;
            const auto begin = static_cast<uint32_t>(pair.value.data() - text_.data());
            splice.replace({begin, begin + static_cast<uint32_t>(pair.value.size())},
                           R"("system")");
        }
    }
}

Splice GovernedBody::edited(const BodyEdits& edits) {
    Splice splice(text_);
    take_out(splice, edits.without_stream_options);
    if (edits.with_usage && !edits.without_stream_options && !asks_for_usage_) {
        ask_for_usage(splice);
    }
    if (is_converse_) {
        if (edits.output_tokens_max > 0) bound_converse_output(splice, edits);
        return splice;
    }
    if (edits.renames_output_max) rename_output_max(splice);
    if (edits.output_tokens_max > 0) bound_output(splice, edits);
    if (edits.model != model_) {
        const ByteRange value = member(Governed::Model).value;
        if (needs_escapes(edits.model)) {
            model_json_.clear();
            append_json_string(model_json_, edits.model);
            splice.replace(value, model_json_);
        } else {
            splice.replace({value.begin + 1, value.end - 1}, edits.model);
        }
    }
    if (edits.with_developer_as_system) rename_developers(splice);
    return splice;
}

}  // namespace keywarden
