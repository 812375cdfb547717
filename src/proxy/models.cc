#include "proxy/models.h"

#include <string>
#include <string_view>

#include "base/json/write.h"
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

std::string model_list(const Catalogue& catalogue) {
    std::string out = R"({"object":"list","data":[)";
    for (const auto& [id, provider] : catalogue.list()) {
        if (out.back() != '[') out += ',';
        append_model(out, id, provider);
    }
    return out + "]}";
}

}  // namespace

Task<Result<void>> answer_models(Call* call) {
    const Catalogue& catalogue = call->proxy->catalogue();
    HttpResponse response{.headers = {{"Content-Type", "application/json"}}};
    if (call->values.empty()) {
        response.body = model_list(catalogue);
    } else {
        const std::string& id = call->values.front();
        CO_TRY(const ModelTarget target, catalogue.resolve(id));
        append_model(response.body, id, catalogue.providers()[target.provider].name);
    }
    co_return co_await send_answer(call, &response);
}

}  // namespace keywarden
