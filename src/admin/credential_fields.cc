#include "admin/credential_fields.h"

#include <array>

#include "admin/key_fields.h"
#include "base/clock.h"
#include "providers/bedrock.h"
#include "store/credential_directory.h"

namespace keywarden {
namespace {

using Draft = CredentialDraft;

constexpr size_t kProviderMax = 64;  // characters

Result<std::string> read_text(std::string_view field, const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    return fail_field(field, "must be a string");
}

Result<void> read_provider(const Json& value, Draft& draft) {
    TRY(draft.row.provider, read_line("provider", value, kProviderMax));
    return {};
}

Result<void> read_name(const Json& value, Draft& draft) {
    TRY(draft.row.name, read_line("name", value, kCredentialNameMax));
    return {};
}

Result<void> read_api_key(const Json& value, Draft& draft) {
    TRY(std::string text, read_text("api_key", value));
    draft.value = Secret(std::move(text));
    if (check_credential_value(draft.value->reveal())) return {};
    return fail_field("api_key", "must be one word of at most 8192 visible ASCII characters");
}

/// One of the keys of AWS: a word without a colon, which is what parts them in the value.
Result<Secret> read_aws_key(std::string_view field, const Json& value) {
    TRY(std::string text, read_text(field, value));
    Secret key(std::move(text));
    const bool is_word = check_credential_value(key.reveal()).has_value();
    if (is_word && !key.reveal().contains(':')) return key;
    return fail_field(field, "must be one word of visible ASCII characters without a colon");
}

Result<void> read_aws_access_key_id(const Json& value, Draft& draft) {
    TRY(draft.aws_access_key_id, read_aws_key("aws_access_key_id", value));
    return {};
}

Result<void> read_aws_secret_access_key(const Json& value, Draft& draft) {
    TRY(draft.aws_secret_access_key, read_aws_key("aws_secret_access_key", value));
    return {};
}

Result<void> read_aws_session_token(const Json& value, Draft& draft) {
    TRY(draft.aws_session_token, read_aws_key("aws_session_token", value));
    return {};
}

/// Makes one value of the keys of AWS, where they were sent.
Result<void> join_aws_keys(Draft& draft) {
    const bool has_id = !draft.aws_access_key_id.empty();
    if (!has_id && draft.aws_secret_access_key.empty() && draft.aws_session_token.empty()) {
        return {};
    }
    if (!has_id) return fail_field("aws_access_key_id", "is required beside the other keys of AWS");
    if (draft.aws_secret_access_key.empty()) {
        return fail_field("aws_secret_access_key", "is required beside 'aws_access_key_id'");
    }
    if (draft.has_value()) return fail_field("aws_access_key_id", "excludes other ways to say it");
    draft.value = aws_credential({.access_key_id = draft.aws_access_key_id.reveal(),
                                  .secret_access_key = draft.aws_secret_access_key.reveal(),
                                  .session_token = draft.aws_session_token.reveal()});
    if (check_credential_value(draft.value->reveal())) return {};
    return fail_field("aws_session_token", "is too long");
}

Result<void> read_reference(const Json& value, Draft& draft) {
    TRY(draft.row.reference, read_text("reference", value));
    draft.names_reference = true;
    TRY_VOID(parse_reference(draft.row.reference));
    return {};
}

Result<void> read_token(const Json& value, Draft& draft) {
    TRY(draft.token, read_text("fernet_token", value));
    if (!draft.token.empty()) return {};
    return fail_field("fernet_token", "must not be empty");
}

Result<void> read_weight(const Json& value, Draft& draft) {
    TRY(const auto weight, read_count("weight", value, kCredentialWeightMax));
    draft.row.weight = weight.value_or(1);
    return {};
}

Result<void> read_cooldown(const Json& value, Draft& draft) {
    constexpr int64_t kMost = kCredentialCooldownMax / std::chrono::seconds(1);
    const bool fits = value.is_number_integer() && value >= 0 && value <= kMost;
    if (!fits) return fail_field("cooldown_s", "must be a whole number from 0 to 86400");
    draft.row.cooldown = std::chrono::seconds(value.get<int64_t>());
    return {};
}

Result<void> read_enabled(const Json& value, Draft& draft) {
    if (!value.is_boolean()) return fail_field("enabled", "must be true or false");
    draft.row.is_enabled = value.get<bool>();
    return {};
}

constexpr std::array kNewFields = {
    Field<Draft>{"provider", read_provider},
    Field<Draft>{"name", read_name},
    Field<Draft>{"api_key", read_api_key},
    Field<Draft>{"aws_access_key_id", read_aws_access_key_id},
    Field<Draft>{"aws_secret_access_key", read_aws_secret_access_key},
    Field<Draft>{"aws_session_token", read_aws_session_token},
    Field<Draft>{"reference", read_reference},
    Field<Draft>{"fernet_token", read_token},
    Field<Draft>{"weight", read_weight},
    Field<Draft>{"cooldown_s", read_cooldown},
    Field<Draft>{"enabled", read_enabled},
};
constexpr auto kChangeFields = std::span(kNewFields).subspan<1>();

/// What a call would meet.
void add_state(AdminContext& context, const ProviderCredential& credential, Json& record) {
    const auto held = context.credentials->held(credential.id);
    const int64_t now = precise_mono().time_since_epoch().count();
    std::string_view state = "active";
    if (!credential.is_enabled) {
        state = "disabled";
    } else if (held == nullptr) {
        state = "not_configured";
    } else if (!held->problem.empty()) {
        state = "unusable";
    } else if (held->rests_until->load() > now) {
        state = "cooling_down";
    }
    record["state"] = state;
    const bool has_problem = held != nullptr && !held->problem.empty();
    record["problem"] = has_problem ? Json(held->problem) : Json();
}

}  // namespace

Result<void> read_credential(const Json& object, bool is_new, CredentialDraft& draft) {
    std::span<const Field<Draft>> fields = kNewFields;
    if (!is_new) fields = kChangeFields;
    TRY_VOID(read_fields<Draft>(object, fields, draft));
    const int ways =
        (draft.value ? 1 : 0) + (draft.token.empty() ? 0 : 1) + (draft.names_reference ? 1 : 0);
    if (ways > 1) {
        return fail_field("api_key",
                          "excludes 'reference' and 'fernet_token', and they each other");
    }
    TRY_VOID(join_aws_keys(draft));
    if (is_new && draft.row.provider.empty()) return fail_field("provider", "is required");
    return check_credential(draft.row);
}

Json credential_record(AdminContext& context, const ProviderCredential& credential, bool is_owner) {
    const auto text_or_null = [](const std::string& text) {
        return text.empty() ? Json() : Json(text);
    };
    Json record = {{"id", credential.id},
                   {"object", "provider_credential"},
                   {"provider", credential.provider},
                   {"name", credential.name},
                   {"shared", credential.team_id.empty()},
                   {"origin", credential.origin},
                   {"preview", is_owner ? Json(credential.preview) : Json()},
                   {"reference", is_owner ? text_or_null(credential.reference) : Json()},
                   {"weight", credential.weight},
                   {"cooldown_s", credential.cooldown / std::chrono::seconds(1)},
                   {"enabled", credential.is_enabled}};
    add_state(context, credential, record);
    record["last_test"] = nullptr;
    if (credential.last_test) {
        const int status = credential.last_test->status;
        record["last_test"] = {{"at", format_iso8601(credential.last_test->at)},
                               {"ok", status >= 200 && status < 300},
                               {"status", status == 0 ? Json() : Json(status)}};
    }
    record["secret_set_at"] = format_iso8601(credential.secret_at);
    record["created_at"] = format_iso8601(credential.created_at);
    record["version"] = credential.version;
    return record;
}

}  // namespace keywarden
