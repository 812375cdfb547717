#include "proxy/models.h"

#include <string>
#include <string_view>

#include "base/json/write.h"
#include "domain/model_rules.h"
#include "proxy/answer.h"

namespace keywarden {
namespace {

/// What the lists of OpenAI and of Anthropic say, in one: SDKs of either find theirs. The catalogue
/// does not know when a model was made, and they want to be told.
void append_model(std::string& out, std::string_view id, std::string_view provider) {
    out += R"({"id":)";
    append_json_string(out, id);
    out += R"(,"object":"model","created":0,"owned_by":)";
    append_json_string(out, provider);
    out += R"(,"type":"model","display_name":)";
    append_json_string(out, id);
    out += R"(,"created_at":"1970-01-01T00:00:00Z"})";
}

void append_cursor(std::string& out, std::string_view name, std::string_view id) {
    out += ",\"" + std::string(name) + "\":";
    if (id.empty()) {
        out += "null";
    } else {
        append_json_string(out, id);
    }
}

/// Without what `reading`, where there is one, does not let the caller use.
std::string model_list(const Call& call, const PolicyReading* reading) {
    const Catalogue& catalogue = call.proxy->catalogue();
    std::string out = R"({"object":"list","data":[)";
    std::string_view first;
    std::string_view last;
    for (const auto& [id, provider] : catalogue.list()) {
        const Result<ModelTarget> target = catalogue.resolve(id);
        if (!target) continue;
        if (reading != nullptr && !check_model(reading->chain(), catalogue, id, *target)) continue;
        if (out.back() != '[') out += ',';
        append_model(out, id, provider);
        if (first.empty()) first = id;
        last = id;
    }
    out += "]";
    append_cursor(out, "first_id", first);
    append_cursor(out, "last_id", last);
    return out + R"(,"has_more":false})";
}

Result<std::string> one_model(const Call& call, const PolicyReading* reading) {
    const Catalogue& catalogue = call.proxy->catalogue();
    const std::string& id = call.values.front();
    TRY(const ModelTarget target, catalogue.resolve(id));
    if (reading != nullptr) TRY_VOID(check_model(reading->chain(), catalogue, id, target));
    std::string out;
    append_model(out, id, catalogue.providers()[target.provider].name);
    return out;
}

Result<std::string> models_body(const Call& call, const PolicyReading* reading) {
    if (call.values.empty()) return model_list(call, reading);
    return one_model(call, reading);
}

Result<std::string> models_body(const Call& call) {
    if (!call.caller || call.caller->is_operator) return models_body(call, nullptr);
    const PolicyReading reading = call.proxy->parts().keys->read_policy(*call.caller);
    return models_body(call, &reading);
}

}  // namespace

Task<Result<void>> answer_models(Call* call) {
    HttpResponse response{.headers = {{"Content-Type", "application/json"}}};
    CO_TRY(response.body, models_body(*call));
    co_return co_await send_answer(call, &response);
}

}  // namespace keywarden
