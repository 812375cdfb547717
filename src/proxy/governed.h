// The members of a request body that the gateway rules on, and the edits it makes to them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json/scan.h"
#include "base/json/splice.h"
#include "base/result.h"
#include "base/secret.h"

namespace keywarden {

/// Adding one: a line here and its row in governed.cc.
enum class Governed : uint8_t {
    Model,
    Stream,
    StreamOptions,
    MaxTokens,
    MaxCompletionTokens,
    MaxOutputTokens,
    N,
    Messages,
    Tools,
    // A caller's own credential for the provider: used for this call, never passed on or kept.
    ApiKey,
    AwsAccessKeyId,
    AwsSecretAccessKey,
    AwsSessionToken,
    AwsRegionName,
    AwsBearerTokenBedrock,
    kCount,
};

/// The field of a form that we rule on which is called `name`, in whatever case: `model`, or a
/// caller's own credential for the provider. Empty: none.
std::string_view ruled_form_field(std::string_view name);

/// Whether `key`, the value of `api_key`, can stand in a header. Errors: InvalidRequest.
Result<void> check_own_key(std::string_view key);

/// What the gateway changes in a body before it goes to a provider.
struct BodyEdits {
    std::string_view model{};  // as the provider calls it; lives as long as the splice
    bool with_usage = false;   // a stream tells its usage
    /// No choice may have more output than this; 0: as the body says.
    int64_t output_tokens_max = 0;
    /// The member that says so where none is there.
    Governed output_member = Governed::MaxTokens;
    bool renames_output_max = false;        // `max_completion_tokens` as `max_tokens`
    bool without_stream_options = false;    // and with_usage asks for nothing
    bool with_developer_as_system = false;  // a message's own role
};

/// A request body, read once. Its views live as long as the text and this object.
class GovernedBody {
public:
    /// Checks that the whole body is a JSON object, and the governed members' types.
    /// Errors: InvalidRequest, with `param` where one member is wrong.
    Result<void> read(std::string_view text);
    /// The same of Bedrock's Converse, which names its model in the path, and the bound of its
    /// output in `inferenceConfig`.
    Result<void> read_converse(std::string_view text);

    std::string_view model() const { return model_; }
    bool streams() const { return streams_; }
    /// The caller's own credential for the provider; empty: none was sent.
    std::string_view api_key() const { return api_key_; }
    /// The value of a member that is a text; empty when it is none. Allocates.
    /// Errors: InvalidRequest for one that cannot stand in a header.
    Result<Secret> word(Governed field) const;
    std::string_view text() const { return text_; }
    size_t size() const { return text_.size(); }
    /// The most output that it asks for, over all choices; 0 when it names no bound.
    int64_t output_tokens_max() const;
    /// How many pictures, sounds, and files it shows to the model, at most: what it costs to read
    /// them does not follow from the size of the body.
    int64_t shown() const { return shown_; }
    /// How many choices it asks for; at least 1.
    int64_t choices() const;
    /// Whether stream_options asks for the usage of a stream.
    bool asks_for_usage() const { return asks_for_usage_; }

    /// The body as the provider is to get it, without credentials. All other bytes are as they
    /// came.
    /// Requires: `read` was fine.
    Splice edited(const BodyEdits& edits);

private:
    static constexpr size_t kCount = static_cast<size_t>(Governed::kCount);

    const JsonMember& member(Governed field) const {
        return members_.at(static_cast<size_t>(field));
    }
    Result<void> read_members(std::string_view text);
    Result<void> check_model() const;
    Result<void> check_types() const;
    Result<void> read_api_key();
    Result<void> read_stream_options();
    void take_out(Splice& splice, bool stream_options) const;
    void ask_for_usage(Splice& splice) const;
    void rename_output_max(Splice& splice) const;
    void rename_developers(Splice& splice) const;
    void bound_output(Splice& splice, const BodyEdits& edits);
    void bound_converse_output(Splice& splice, const BodyEdits& edits);

    std::string_view text_;
    std::array<JsonMember, kCount> members_;
    JsonMember include_usage_;  // of stream_options; positions are within its value
    std::string_view model_;
    std::string_view api_key_;
    std::string model_scratch_;
    std::string api_key_scratch_;
    std::string model_json_;
    std::string output_json_;    // the bound, as a number
    std::string output_member_;  // and as a member
    JsonMember inference_;       // of Converse: `inferenceConfig`
    JsonMember inference_max_;   // `maxTokens` of it; positions are within its value
    int64_t shown_ = 0;
    bool is_converse_ = false;
    bool streams_ = false;
    bool asks_for_usage_ = false;
};

}  // namespace keywarden
