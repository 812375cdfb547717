// GET /metrics: how the gateway does, for Prometheus.
#include "admin/handlers.h"
#include "admin/health.h"
#include "admin/json_body.h"

namespace keywarden {

Result<HttpResponse> read_metrics(AdminContext& context, const ApiCall&) {
    HttpResponse response{.status = 200};
    set_header(response, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response.body = context.metrics(ask_store(context).has_value());
    return response;
}

}  // namespace keywarden
