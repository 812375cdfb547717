// Keys whose secrets were made elsewhere come in by their hashes, and go on working.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "admin/account_change.h"
#include "admin/changed_by.h"
#include "admin/handlers.h"
#include "admin/idempotency.h"
#include "admin/json_body.h"
#include "admin/key_draft.h"
#include "domain/imported_hash.h"

namespace keywarden {
namespace {

constexpr size_t kImportItemsMax = 500;   // of one request
constexpr size_t kImportDisplayMax = 64;  // characters
constexpr std::string_view kNotDisplayed = "imported";

struct ImportBody {
    Json keys{};
    bool dry_run = false;
};

Result<void> read_keys(const Json& value, ImportBody& body) {
    if (!value.is_array() || value.empty() || value.size() > kImportItemsMax) {
        return fail_field("keys",
                          "must be a list of 1 to " + std::to_string(kImportItemsMax) + " keys");
    }
    body.keys = value;
    return {};
}

Result<void> read_dry_run(const Json& value, ImportBody& body) {
    if (!value.is_boolean()) return fail_field("dry_run", "must be true or false");
    body.dry_run = value.get<bool>();
    return {};
}

constexpr std::array kBodyFields = {
    Field<ImportBody>{"keys", read_keys},
    Field<ImportBody>{"dry_run", read_dry_run},
};

/// What became of one key. Adding one: a name here and in openapi.yaml.
enum class Fate : uint8_t { Imported, Valid, Duplicate, WeakHash, Invalid, Refused };

std::string_view name(Fate fate) {
    switch (fate) {
        case Fate::Imported:
            return "imported";
        case Fate::Valid:
            return "valid";
        case Fate::Duplicate:
            return "duplicate";
        case Fate::WeakHash:
            return "weak_hash";
        case Fate::Invalid:
            return "invalid";
        case Fate::Refused:
            break;
    }
    return "refused";
}

struct Outcome {
    Fate fate = Fate::Imported;
    std::string id{};
    Error error{};
};

/// A failure that lies in the item is "invalid", one that lies in who asks, or in how much there
/// is already, "refused".
Outcome failed(Error error) {
    const bool is_of_item =
        error.code == ErrorCode::InvalidRequest || error.code == ErrorCode::UnknownField;
    return {.fate = is_of_item ? Fate::Invalid : Fate::Refused, .error = std::move(error)};
}

/// One import: what all its items share.
struct Import {
    AdminContext& context;
    const ApiCall& call;
    std::string_view team_id;
    bool dry_run;
    std::vector<Digest> seen{};

    Outcome take(const Json& item) {
        if (!item.is_object()) {
            return failed(fail_field("keys", "must be a list of objects").error());
        }
        Json fields = item;
        const auto hash = fields.find("hash");
        if (hash == fields.end() || !hash->is_string()) {
            return failed(fail_field("hash", "is required: the SHA-256 of the secret").error());
        }
        const auto digest = read_imported_hash(hash->get_ref<const std::string&>());
        if (!digest) return {.fate = Fate::WeakHash, .error = digest.error()};
        fields.erase("hash");
        return take(*digest, std::move(fields));
    }

private:
    Outcome take(const Digest& digest, Json fields) {
        std::string display(kNotDisplayed);
        if (const auto shown = fields.find("display"); shown != fields.end()) {
            auto line = read_line("display", *shown, kImportDisplayMax);
            if (!line) return failed(std::move(line).error());
            display = *std::move(line);
            fields.erase("display");
        }
        for (const char* field : {"format", "environment"}) {
            if (!fields.contains(field)) continue;
            return failed(fail_field(field, "is not asked for: an imported key is opaque").error());
        }
        auto draft = draft_key(context, *call.caller, team_id, fields);
        if (!draft) return failed(std::move(draft).error());
        // Whose the other one is stays untold.
        if (std::ranges::find(seen, digest) != seen.end() || context.keys.knows(digest)) {
            return {.fate = Fate::Duplicate,
                    .error = fail_field("hash", "is that of a key that is here already").error()};
        }
        seen.push_back(digest);
        if (dry_run) return {.fate = Fate::Valid};
        auto key = context.keys.import(
            std::move(draft->key), digest, std::move(display), changed_by(context, call));
        if (!key) return failed(std::move(key).error());
        return {.fate = Fate::Imported, .id = key->id};
    }
};

Json record_of(size_t index, const Json& item, const Outcome& outcome) {
    Json record = {{"index", index}, {"status", name(outcome.fate)}};
    if (item.is_object() && item.contains("name") && item["name"].is_string()) {
        record["name"] = item["name"];
    }
    if (!outcome.id.empty()) record["id"] = outcome.id;
    const bool is_good = outcome.fate == Fate::Imported || outcome.fate == Fate::Valid;
    if (is_good) return record;
    record["error"] = {{"code", info(outcome.error.code).slug}, {"message", outcome.error.message}};
    if (!outcome.error.param.empty()) record["error"]["param"] = outcome.error.param;
    return record;
}

Result<HttpResponse> import_into(AdminContext& context,
                                 const ApiCall& call,
                                 std::string_view team_id,
                                 std::string_view scope) {
    return run_once(context, call, scope, [&](const AnswerNote& note) -> Result<Created> {
        TRY(const Json object, read_object(call.request, Body::Required));
        ImportBody body;
        TRY_VOID(read_fields<ImportBody>(object, kBodyFields, body));
        if (body.keys.is_null()) return fail_field("keys", "is required");
        TRY_VOID(context.keys.check_imports());
        Import import{
            .context = context, .call = call, .team_id = team_id, .dry_run = body.dry_run};
        int64_t imported = 0;
        int64_t duplicates = 0;
        Json data = Json::array();
        for (const Json& item : body.keys) {
            const Outcome outcome = import.take(item);
            if (outcome.fate == Fate::Imported || outcome.fate == Fate::Valid) ++imported;
            if (outcome.fate == Fate::Duplicate) ++duplicates;
            data.push_back(record_of(data.size(), item, outcome));
        }
        const auto count = static_cast<int64_t>(data.size());
        Json record = {{"object", "key_import"},
                       {"dry_run", body.dry_run},
                       {"imported", imported},
                       {"duplicates", duplicates},
                       {"failed", count - imported - duplicates},
                       {"data", std::move(data)}};
        if (const auto answer = note(200, record)) {
            TRY_VOID(context.keys.store().answer_idempotent(*answer));
        }
        return Created{.status = 200, .record = std::move(record)};
    });
}

}  // namespace

Result<HttpResponse> import_keys(AdminContext& context, const ApiCall& call) {
    return import_into(context, call, call.caller->team_id, "keys.import");
}

Result<HttpResponse> import_team_keys(AdminContext& context, const ApiCall& call) {
    TRY(const Team team, team_that_takes(context, call.values.at(0)));
    return import_into(context, call, team.id, "keys.import " + team.id);
}

}  // namespace keywarden
