#include "admin/key_fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "admin/policy_field.h"
#include "base/clock.h"
#include "domain/key_notice.h"

namespace keywarden {
namespace {

size_t code_points(std::string_view text) {
    return static_cast<size_t>(
        std::ranges::count_if(text, [](char c) { return (c & '\xC0') != '\x80'; }));
}

/// What a text may hold besides letters: lines and tabs in prose, nothing invisible in a name.
enum class Text : uint8_t { OneLine, Prose };

bool has_control(std::string_view text, Text kind) {
    return std::ranges::any_of(text, [kind](char c) {
        if (kind == Text::Prose && (c == '\n' || c == '\r' || c == '\t')) return false;
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    });
}

struct TextRule {
    size_t length_min;
    size_t length_max;
    Text kind;
};

Result<std::string> read_text(std::string_view field, const Json& value, TextRule rule) {
    if (!value.is_string()) return fail_field(field, "must be a string");
    const auto& text = value.get_ref<const std::string&>();
    const size_t length = code_points(text);
    if (length < rule.length_min || length > rule.length_max) {
        return fail_field(field,
                          "must have " + std::to_string(rule.length_min) + " to " +
                              std::to_string(rule.length_max) + " characters");
    }
    if (has_control(text, rule.kind)) return fail_field(field, "must not have control characters");
    return text;
}

Result<std::optional<TimePoint>> read_moment(std::string_view field, const Json& value) {
    if (value.is_null()) return std::nullopt;
    if (value.is_string()) {
        if (const auto moment = parse_iso8601(value.get_ref<const std::string&>())) return moment;
    }
    return fail_field(field, "must be a moment such as \"2027-01-31T00:00:00Z\", or null");
}

Result<void> read_name(const Json& value, KeyDraft& draft) {
    TRY(draft.key.name, read_line("name", value, kKeyNameMax));
    return {};
}

Result<void> read_user(const Json& value, KeyDraft& draft) {
    if (value.is_null()) return {};
    TRY(draft.user, read_line("user", value, kKeyNameMax));
    return {};
}

Result<void> read_app(const Json& value, KeyDraft& draft) {
    draft.key.app_id.clear();
    if (value.is_null()) return {};
    TRY(draft.key.app_id, read_line("app", value, kKeyNameMax));
    return {};
}

Result<void> read_description(const Json& value, KeyDraft& draft) {
    if (value.is_null()) {
        draft.key.description.clear();
        return {};
    }
    TRY(draft.key.description,
        read_text("description", value, {0, kKeyDescriptionMax, Text::Prose}));
    return {};
}

Result<void> read_kind(const Json& value, KeyDraft& draft) {
    if (value.is_null()) return {};
    if (value.is_string()) {
        if (const auto kind = key_kind_of(value.get_ref<const std::string&>())) {
            draft.key.kind = *kind;
            draft.kind_named = true;
            return {};
        }
    }
    return fail_field("kind", "must be \"full\", \"inference\", or \"management\"");
}

Result<void> read_not_before(const Json& value, KeyDraft& draft) {
    TRY(draft.key.not_before, read_moment("not_before", value));
    return {};
}

Result<void> read_expires_at(const Json& value, KeyDraft& draft) {
    TRY(draft.key.expires_at, read_moment("expires_at", value));
    return {};
}

Result<void> read_rotate_every(const Json& value, KeyDraft& draft) {
    draft.key.rotate_every.reset();
    if (value.is_null()) return {};
    if (value.is_string()) {
        const auto every = parse_duration(value.get_ref<const std::string&>(), kRotateEveryMax);
        if (every && *every >= kRotateEveryMin) {
            draft.key.rotate_every = every;
            return {};
        }
    }
    return fail_field("rotate_every", "must be a time from \"1d\" to \"3650d\", or null");
}

Result<void> refuse_derived(const Json&, KeyDraft&) {
    return fail_field("rotation_due_at",
                      "follows from 'rotate_every' and the newest secret's age: set that");
}

Result<void> read_rate_limit(const Json& value, KeyDraft& draft) {
    TRY(draft.key.rate_limit_rpm, read_count("rate_limit_rpm", value, kRateLimitRpmMax));
    return {};
}

Result<void> read_policy_later(const Json& value, KeyDraft& draft) {
    draft.policy = value;
    return {};
}

Result<void> read_toollist_later(const Json& value, KeyDraft&) {
    if (value.is_null() || value.is_object()) return {};
    return fail_field("toollist", "must be an object with 'allowed' and 'denied', or null");
}

/// The tools of a key are a field and a part of its policy: two names of one thing.
Result<void> take_toollist(const Json& object, Policy& policy) {
    const auto sent = object.find("toollist");
    if (sent == object.end()) return {};
    const auto named = object.find("policy");
    if (named != object.end() && named->is_object() && named->contains("tools")) {
        return fail_field("toollist", "and 'policy.tools' are one list: name it once");
    }
    if (!sent->is_null()) return read_toollist(*sent, policy.tools);
    policy.tools = {};
    return {};
}

/// Of what a body says about `policy`, the rate; nothing where it names none.
const Json* rate_in(const Json& object) {
    const auto policy = object.find("policy");
    if (policy == object.end() || !policy->is_object()) return nullptr;
    const auto limits = policy->find("limits");
    if (limits == policy->end() || !limits->is_object()) return nullptr;
    const auto rate = limits->find(info(LimitKind::RequestsPerMinute).field);
    return rate == limits->end() ? nullptr : &*rate;
}

/// The same of how many tools are kept.
const Json* keep_max_in(const Json& object) {
    const auto policy = object.find("policy");
    if (policy == object.end() || !policy->is_object()) return nullptr;
    const auto selection = policy->find("tool_selection");
    if (selection == policy->end() || !selection->is_object()) return nullptr;
    const auto keep_max = selection->find("keep_max");
    return keep_max == selection->end() ? nullptr : &*keep_max;
}

/// The rate of a key is a field and one of its limits, and so is how many tools are kept of
/// `tool_selection`: two names of one thing.
Result<void> take_policy(const Json& object, KeyDraft& draft) {
    const bool rate_named = object.contains("rate_limit_rpm");
    const Json* const rate = rate_in(object);
    if (rate_named && rate != nullptr && *rate != object["rate_limit_rpm"]) {
        return fail_field("rate_limit_rpm",
                          "and 'policy.limits.requests_per_minute' are one limit: name it once");
    }
    Policy whole = whole_policy(draft.key);
    const bool keep_named = object.contains("k_target_override");
    const Json* const keep = keep_max_in(object);
    if (keep_named && keep != nullptr && *keep != object["k_target_override"]) {
        return fail_field("k_target_override",
                          "and 'policy.tool_selection.keep_max' are one number: name it once");
    }
    if (object.contains("policy")) {
        const auto named = draft.key.rate_limit_rpm;
        const auto keep_max = whole.tool_selection.keep_max;
        TRY_VOID(read_policy("policy", draft.policy, whole));
        if (rate_named) whole.limits[LimitKind::RequestsPerMinute] = named;
        if (keep_named) whole.tool_selection.keep_max = keep_max;
    }
    TRY_VOID(take_toollist(object, whole));
    Result<void> checked = check_limits(whole.limits);  // a burst needs its rate
    if (!checked) {
        checked.error().param = "policy." + checked.error().param;
        return checked;
    }
    if (whole.limits[LimitKind::RequestsPerMinute].value_or(1) > kRateLimitRpmMax) {
        return fail_field("policy.limits.requests_per_minute",
                          "must be at most " + std::to_string(kRateLimitRpmMax) + " for a key");
    }
    set_policy(draft.key, std::move(whole));
    return {};
}

Result<void> read_k_target(const Json& value, KeyDraft& draft) {
    TRY(draft.key.policy.tool_selection.keep_max,
        read_count("k_target_override", value, kKeepMaxMax));
    return {};
}

Result<void> read_metadata(const Json& value, KeyDraft& draft) {
    if (!value.is_null() && !value.is_object()) {
        return fail_field("metadata", "must be an object of strings, or null");
    }
    if (value.size() > kKeyMetadataMax) {
        return fail_field("metadata", "may have at most 16 pairs");
    }
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const auto& [name, text] : value.items()) {
        const TextRule name_rule = {1, kKeyMetadataNameMax, Text::OneLine};
        if (!read_text("metadata", Json(name), name_rule)) {
            return fail_field("metadata", "must have names of 1 to 64 visible characters");
        }
        TRY(std::string checked,
            read_text("metadata." + name, text, {0, kKeyMetadataValueMax, Text::Prose}));
        pairs.emplace_back(name, std::move(checked));
    }
    draft.key.metadata = std::move(pairs);
    return {};
}

/// A list of names, or nothing for null.
Result<std::optional<std::vector<std::string>>> read_names(std::string_view field,
                                                           const Json& value,
                                                           size_t count_max,
                                                           size_t length_max) {
    if (value.is_null()) return std::nullopt;
    if (!value.is_array()) return fail_field(field, "must be a list of strings, or null");
    if (value.size() > count_max) {
        return fail_field(field, "may have at most " + std::to_string(count_max) + " entries");
    }
    std::vector<std::string> names;
    for (const Json& entry : value) {
        TRY(std::string name, read_text(field, entry, {1, length_max, Text::OneLine}));
        if (std::ranges::find(names, name) != names.end()) {
            return fail_field(field, "must not have an entry twice");
        }
        names.push_back(std::move(name));
    }
    return names;
}

Result<void> read_tags(const Json& value, KeyDraft& draft) {
    TRY(auto tags, read_names("tags", value, kKeyTagsMax, kKeyTagMax));
    draft.key.tags = std::move(tags).value_or(std::vector<std::string>{});
    return {};
}

Result<void> read_format(const Json& value, KeyDraft& draft) {
    if (value.is_null()) return {};
    TRY(draft.format, read_text("format", value, {1, kKeyNameMax, Text::OneLine}));
    return {};
}

Result<void> read_environment(const Json& value, KeyDraft& draft) {
    if (value.is_null() || value == "live") {
        draft.test = false;
    } else if (value == "test") {
        draft.test = true;
    } else {
        return fail_field("environment", "must be \"live\" or \"test\"");
    }
    return {};
}

Result<void> refuse_fixed(std::string_view field) {
    return fail_field(field, "is decided when the key is created and cannot be changed");
}

Result<void> refuse_status(const Json&, KeyDraft&) {
    return fail_field(
        "status",
        "is changed by POST .../disable, /enable, /quarantine, and /release, and by DELETE");
}

using KeyField = Field<KeyDraft>;

constexpr std::array kNewKeyFields = {
    KeyField{"name", read_name},
    KeyField{"description", read_description},
    KeyField{"app", read_app},
    KeyField{"user", read_user},
    KeyField{"kind", read_kind},
    KeyField{"not_before", read_not_before},
    KeyField{"expires_at", read_expires_at},
    KeyField{"rotate_every", read_rotate_every},
    KeyField{"rotation_due_at", refuse_derived},
    KeyField{"rate_limit_rpm", read_rate_limit},
    KeyField{"policy", read_policy_later},
    KeyField{"k_target_override", read_k_target},
    KeyField{"toollist", read_toollist_later},
    KeyField{"metadata", read_metadata},
    KeyField{"tags", read_tags},
    KeyField{"format", read_format},
    KeyField{"environment", read_environment},
};

constexpr std::array kKeyChangeFields = {
    KeyField{"name", read_name},
    KeyField{"description", read_description},
    KeyField{"app", read_app},
    KeyField{"not_before", read_not_before},
    KeyField{"expires_at", read_expires_at},
    KeyField{"rotate_every", read_rotate_every},
    KeyField{"rotation_due_at", refuse_derived},
    KeyField{"rate_limit_rpm", read_rate_limit},
    KeyField{"policy", read_policy_later},
    KeyField{"k_target_override", read_k_target},
    KeyField{"toollist", read_toollist_later},
    KeyField{"metadata", read_metadata},
    KeyField{"tags", read_tags},
    KeyField{"kind", [](const Json&, KeyDraft&) { return refuse_fixed("kind"); }},
    KeyField{"user", [](const Json&, KeyDraft&) { return refuse_fixed("user"); }},
    KeyField{"format", [](const Json&, KeyDraft&) { return refuse_fixed("format"); }},
    KeyField{"environment", [](const Json&, KeyDraft&) { return refuse_fixed("environment"); }},
    KeyField{"status", refuse_status},
};

Result<std::optional<std::vector<Glob>>> read_tools(std::string_view field, const Json& value) {
    if (value.is_null()) return std::nullopt;
    if (!value.is_array()) return fail_field(field, "must be a list of strings, or null");
    if (value.size() > kToolEntriesMax) {
        return fail_field(field,
                          "may have at most " + std::to_string(kToolEntriesMax) + " entries");
    }
    std::vector<Glob> globs;
    for (const Json& entry : value) {
        if (!entry.is_string()) return fail_field(field, "must be a list of strings, or null");
        Result<Glob> glob = Glob::parse_any(entry.get_ref<const std::string&>());
        if (!glob) {
            glob.error().param = field;
            return std::unexpected(std::move(glob).error());
        }
        globs.push_back(*std::move(glob));
    }
    return globs;
}

Result<void> read_allowed(const Json& value, AllowDeny<Glob>& tools) {
    TRY(tools.allow, read_tools("toollist.allowed", value));
    return {};
}

Result<void> read_denied(const Json& value, AllowDeny<Glob>& tools) {
    TRY(auto denied, read_tools("toollist.denied", value));
    tools.deny = std::move(denied).value_or(std::vector<Glob>());
    return {};
}

constexpr std::array kToolListFields = {
    Field<AllowDeny<Glob>>{"allowed", read_allowed},
    Field<AllowDeny<Glob>>{"denied", read_denied},
};

}  // namespace

Result<std::string> read_line(std::string_view field, const Json& value, size_t length_max) {
    TRY(std::string text, read_text(field, value, {1, length_max, Text::OneLine}));
    if (std::ranges::all_of(text, [](char c) { return c == ' '; })) {
        return fail_field(field, "must not be blank");
    }
    return text;
}

Result<std::optional<int64_t>> read_count(std::string_view field, const Json& value, int64_t max) {
    if (value.is_null()) return std::nullopt;
    // A number above int64's own range reads as unsigned, and fails the second comparison.
    if (value.is_number_integer() && value >= 1 && value <= max) return value.get<int64_t>();
    return fail_field(field,
                      "must be a whole number from 1 to " + std::to_string(max) + ", or null");
}

Result<void> read_new_key(const Json& object,
                          KeyDraft& draft,
                          std::span<const std::string_view> others) {
    TRY_VOID(read_fields<KeyDraft>(object, kNewKeyFields, draft, others));
    if (!object.contains("name")) return fail_field("name", "is required");
    return take_policy(object, draft);
}

Result<void> read_key_change(const Json& object, KeyDraft& draft) {
    TRY_VOID(read_fields<KeyDraft>(object, kKeyChangeFields, draft));
    return take_policy(object, draft);
}

Result<void> read_toollist(const Json& object, AllowDeny<Glob>& tools) {
    TRY_VOID(read_fields<AllowDeny<Glob>>(object, kToolListFields, tools));
    Result<void> checked = check_policy({.tools = tools});
    if (checked) return checked;
    checked.error().param =
        checked.error().param == "tools.deny" ? "toollist.denied" : "toollist.allowed";
    return checked;
}

Result<void> check_times(const Key* before, const Key& after, TimePoint now) {
    const bool expiry_changed = before == nullptr || before->expires_at != after.expires_at;
    const bool start_changed = before == nullptr || before->not_before != after.not_before;
    if (!after.expires_at) return {};
    if (expiry_changed && *after.expires_at <= now) {
        return fail_field("expires_at", "must be in the future");
    }
    if ((expiry_changed || start_changed) && after.not_before &&
        *after.expires_at <= *after.not_before) {
        return fail_field("expires_at", "must be later than 'not_before'");
    }
    return {};
}

std::string duration_text(Nanos duration) {
    struct Unit {
        char name;
        Nanos length;
    };
    static constexpr std::array kUnits = {Unit{'d', std::chrono::days(1)},
                                          Unit{'h', std::chrono::hours(1)},
                                          Unit{'m', std::chrono::minutes(1)},
                                          Unit{'s', std::chrono::seconds(1)}};
    const auto* const unit = std::ranges::find_if(
        kUnits, [&](const Unit& each) { return duration % each.length == Nanos(0); });
    const Unit& best = unit == kUnits.end() ? kUnits.back() : *unit;
    return std::to_string(duration / best.length) + best.name;
}

std::optional<Nanos> parse_duration(std::string_view text, Nanos max) {
    int64_t count = 0;
    const char* const end = text.data() + text.size();
    const auto [unit, problem] = std::from_chars(text.data(), end, count);
    if (problem != std::errc() || unit == text.data() || end - unit != 1 || count < 0) return {};
    Nanos one{};
    if (*unit == 's') one = std::chrono::seconds(1);
    if (*unit == 'm') one = std::chrono::minutes(1);
    if (*unit == 'h') one = std::chrono::hours(1);
    if (*unit == 'd') one = std::chrono::days(1);
    if (one == Nanos(0) || count > max / one) return {};
    return one * count;
}

}  // namespace keywarden
