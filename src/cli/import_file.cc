#include "cli/import_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <fmt/format.h>
#include <optional>
#include <span>

#include "base/clock.h"
#include "base/crypto.h"
#include "cli/csv.h"

namespace keywarden {
namespace {

constexpr size_t kNameMax = 100;
constexpr size_t kShown = 4;  // characters of a secret, at its end

/// A row that is being turned into an item.
struct Draft {
    Json item = Json::object();
    bool is_off = false;  // it was switched off where it comes from
};

std::unexpected<Error> wrong(std::string_view column, std::string_view what) {
    return fail(ErrorCode::InvalidRequest, fmt::format("'{}' {}", column, what));
}

std::string text_of(const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<int64_t> number_of(const Json& value) {
    if (value.is_number_integer()) return value.get<int64_t>();
    const std::string text = text_of(value);
    int64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

bool is_true(const Json& value) {
    const std::string text = text_of(value);
    return text == "true" || text == "t" || text == "1" || text == "True";
}

/// A list, "a,b", JSON, or PostgreSQL's {a,b}.
std::vector<std::string> list_in(const Json& value) {
    std::vector<std::string> list;
    Json parsed = value;
    if (value.is_string()) parsed = Json::parse(text_of(value), nullptr, false);
    if (parsed.is_array()) {
        for (const Json& each : parsed) list.push_back(text_of(each));
        return list;
    }
    std::string text = text_of(value);
    if (text.starts_with('{') && text.ends_with('}')) text = text.substr(1, text.size() - 2);
    while (!text.empty()) {
        std::string entry = text.substr(0, text.find(','));
        text.erase(0, entry.size() + 1);
        std::erase(entry, '"');
        if (!entry.empty()) list.push_back(std::move(entry));
    }
    return list;
}

void take_secret(Draft& draft, const std::string& secret) {
    draft.item["hash"] = to_hex(sha256(secret));
    if (secret.size() > 4 * kShown) {
        draft.item["display"] = "…" + secret.substr(secret.size() - kShown);
    }
}

Result<void> as_it_is(std::string_view column, const Json& value, Draft& draft) {
    const std::string text = text_of(value);
    const bool is_json = text.starts_with('{') || text.starts_with('[');
    const Json parsed = value.is_string() && is_json ? Json::parse(text, nullptr, false) : value;
    if (parsed.is_discarded()) return wrong(column, "is no JSON");
    draft.item[std::string(column)] = parsed;
    return {};
}

Result<void> as_number(std::string_view column, const Json& value, Draft& draft) {
    const auto number = number_of(value);
    if (!number) return wrong(column, "is no whole number");
    draft.item[std::string(column)] = *number;
    return {};
}

Result<void> as_list(std::string_view column, const Json& value, Draft& draft) {
    draft.item[std::string(column)] = list_in(value);
    return {};
}

Result<void> plain_secret(std::string_view, const Json& value, Draft& draft) {
    take_secret(draft, text_of(value));
    return {};
}

Result<void> one_api_secret(std::string_view, const Json& value, Draft& draft) {
    const std::string text = text_of(value);  // as it is stored: without what callers put before it
    take_secret(draft, text.starts_with("sk-") ? text : "sk-" + text);
    return {};
}

Result<void> hash(std::string_view, const Json& value, Draft& draft) {
    draft.item["hash"] = text_of(value);
    return {};
}

Result<void> name_of(std::string_view, const Json& value, Draft& draft) {
    draft.item["name"] = text_of(value);
    return {};
}

Result<void> display(std::string_view, const Json& value, Draft& draft) {
    draft.item["display"] = text_of(value);
    return {};
}

/// "2026-12-31 23:59:59.123" of PostgreSQL, which is UTC, or ISO 8601.
Result<void> litellm_expiry(std::string_view column, const Json& value, Draft& draft) {
    const std::string text = text_of(value);
    std::optional<TimePoint> moment = parse_iso8601(text);
    if (!moment) moment = parse_iso8601(text + "Z");
    if (!moment) moment = parse_iso8601(text + ":00");
    if (!moment) return wrong(column, "is no moment");
    draft.item["expires_at"] = format_iso8601(*moment);
    return {};
}

Result<void> one_api_expiry(std::string_view column, const Json& value, Draft& draft) {
    const auto seconds = number_of(value);
    if (!seconds) return wrong(column, "is no number of seconds");
    if (*seconds < 0) return {};  // never
    draft.item["expires_at"] = format_iso8601(TimePoint(std::chrono::seconds(*seconds)));
    return {};
}

Result<void> litellm_rate(std::string_view, const Json& value, Draft& draft) {
    return as_number("rate_limit_rpm", value, draft);
}

Result<void> limit_of(std::string_view column,
                      std::string_view field,
                      const Json& value,
                      Draft& draft) {
    const auto number = number_of(value);
    if (!number) return wrong(column, "is no whole number");
    draft.item["policy"]["limits"][std::string(field)] = *number;
    return {};
}

Result<void> litellm_tokens(std::string_view column, const Json& value, Draft& draft) {
    return limit_of(column, "tokens_per_minute", value, draft);
}

Result<void> litellm_parallel(std::string_view column, const Json& value, Draft& draft) {
    return limit_of(column, "concurrent_requests", value, draft);
}

/// An empty list, and LiteLLM's "all-…-models", are no restriction.
Result<void> models(std::string_view, const Json& value, Draft& draft) {
    std::vector<std::string> list = list_in(value);
    const bool is_all =
        std::ranges::any_of(list, [](const std::string& each) { return each.starts_with("all-"); });
    if (!list.empty() && !is_all) draft.item["policy"]["models"]["allow"] = std::move(list);
    return {};
}

Result<void> off_if_true(std::string_view, const Json& value, Draft& draft) {
    draft.is_off = is_true(value);
    return {};
}

Result<void> off_unless_one(std::string_view, const Json& value, Draft& draft) {
    draft.is_off = number_of(value) != 1;
    return {};
}

/// LiteLLM's team and user stay findable, under their own names.
Result<void> litellm_owner(std::string_view column, const Json& value, Draft& draft) {
    draft.item["metadata"][fmt::format("litellm_{}", column)] = text_of(value);
    return {};
}

struct Column {
    std::string_view name;
    Result<void> (*take)(std::string_view column, const Json& value, Draft& draft);
};

constexpr std::array kOwn = {
    Column{"hash", hash},
    Column{"key", plain_secret},
    Column{"name", name_of},
    Column{"display", display},
    Column{"description", as_it_is},
    Column{"kind", as_it_is},
    Column{"app", as_it_is},
    Column{"user", as_it_is},
    Column{"not_before", as_it_is},
    Column{"expires_at", as_it_is},
    Column{"rotate_every", as_it_is},
    Column{"rate_limit_rpm", as_number},
    Column{"k_target_override", as_number},
    Column{"toollist", as_it_is},
    Column{"policy", as_it_is},
    Column{"metadata", as_it_is},
    Column{"tags", as_list},
};
constexpr std::array kLiteLlm = {
    Column{"token", hash},
    Column{"key_alias", name_of},
    Column{"key_name", display},
    Column{"expires", litellm_expiry},
    Column{"rpm_limit", litellm_rate},
    Column{"tpm_limit", litellm_tokens},
    Column{"max_parallel_requests", litellm_parallel},
    Column{"models", models},
    Column{"blocked", off_if_true},
    Column{"team_id", litellm_owner},
    Column{"user_id", litellm_owner},
};
constexpr std::array kOneApi = {
    Column{"key", one_api_secret},
    Column{"name", name_of},
    Column{"expired_time", one_api_expiry},
    Column{"status", off_unless_one},
    Column{"models", models},
};

struct Source {
    std::string_view name;
    std::span<const Column> columns;
    bool takes_others;  // false: a name that is not in the list is an error of the file
};
constexpr std::array kSources = {
    Source{"keywarden", kOwn, false},
    Source{"litellm", kLiteLlm, true},
    Source{"one-api", kOneApi, true},
};

bool is_nothing(const Json& value) {
    return value.is_null() || (value.is_string() && value.get_ref<const std::string&>().empty());
}

Result<Draft> draft_of(const Json& row, const Source& source, ImportFile& file) {
    Draft draft;
    for (const auto& [name, value] : row.items()) {
        if (is_nothing(value)) continue;
        const auto column = std::ranges::find(source.columns, name, &Column::name);
        if (column != source.columns.end()) {
            TRY_VOID(column->take(name, value, draft));
            continue;
        }
        if (!source.takes_others) {
            return wrong(name,
                         "is no column of our own; tables of others need --from, such as litellm");
        }
        const auto known = std::ranges::find(file.ignored, name);
        if (known == file.ignored.end()) file.ignored.push_back(name);
    }
    if (!draft.item.contains("name")) {
        draft.item["name"] =
            fmt::format("imported {}", shown(draft.item, "display")).substr(0, kNameMax);
    }
    return draft;
}

Result<Json> rows_of_json(std::string_view text) {
    Json parsed = Json::parse(text, nullptr, false);
    for (const char* name : {"keys", "data"}) {
        if (parsed.is_object() && parsed.contains(name)) parsed = Json(parsed[name]);
    }
    const auto is_object = [](const Json& each) { return each.is_object(); };
    if (parsed.is_array() && std::ranges::all_of(parsed, is_object)) return parsed;
    return fail(ErrorCode::InvalidRequest, "is no JSON list of objects");
}

Result<Json> rows_of_csv(std::string_view text) {
    TRY(const auto table, read_csv(text));
    Json rows = Json::array();
    for (size_t i = 1; i < table.size(); ++i) {
        if (table[i].size() != table[0].size()) {
            return fail(ErrorCode::InvalidRequest,
                        fmt::format("row {} has {} cells, and the first row names {}",
                                    i + 1,
                                    table[i].size(),
                                    table[0].size()));
        }
        Json& row = rows.emplace_back(Json::object());
        for (size_t cell = 0; cell < table[i].size(); ++cell) {
            row[table[0][cell]] = table[i][cell];
        }
    }
    return rows;
}

}  // namespace

Result<ImportFile> read_import_file(std::string_view text, std::string_view source_name) {
    const auto* const source = std::ranges::find(kSources, source_name, &Source::name);
    if (source == kSources.end()) {
        return fail(ErrorCode::InvalidRequest, "--from: must be keywarden, litellm, or one-api");
    }
    const size_t start = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
    const bool is_json = start != text.npos && (text[start] == '[' || text[start] == '{');
    TRY(const Json rows, is_json ? rows_of_json(text.substr(start)) : rows_of_csv(text));
    ImportFile file;
    for (size_t i = 0; i < rows.size(); ++i) {
        auto draft = draft_of(rows[i], *source, file);
        if (!draft) {
            return fail(ErrorCode::InvalidRequest,
                        fmt::format("key {}: {}", i + 1, draft.error().message));
        }
        if (draft->is_off) ++file.left_out;
        if (!draft->is_off) file.items.push_back(std::move(draft->item));
    }
    if (rows.empty()) return fail(ErrorCode::InvalidRequest, "has no keys");
    return file;
}

}  // namespace keywarden
