#include "proxy/models.h"

#include <string>
#include <string_view>

#include "base/json/write.h"
#include "domain/model_rules.h"
#include "proxy/answer.h"

namespace keywarden {
namespace {

/// The catalogue does not know when a model was made; SDKs want a number.
void append_model(std::string& out, std::string_view id, std::string_view provider) {
    out += R"({"id":)";
    append_json_string(out, id);
    out += R"(,"object":"model","created":0,"owned_by":)";
    append_json_string(out, provider);
    out += '}';
}

/// Without what `reading`, where there is one, does not let the caller use.
std::string model_list(const Call& call, const PolicyReading* reading) {
    const Catalogue& catalogue = call.proxy->catalogue();
    std::string out = R"({"object":"list","data":[)";
    for (const auto& [id, provider] : catalogue.list()) {
        const Result<ModelTarget> target = catalogue.resolve(id);
        if (!target) continue;
        if (reading != nullptr && !check_model(reading->chain(), catalogue, id, *target)) continue;
        if (out.back() != '[') out += ',';
        append_model(out, id, provider);
    }
    return out + "]}";
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
