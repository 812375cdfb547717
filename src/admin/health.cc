// GET /health (the process lives) and GET /ready (it can do its work).
#include "admin/health.h"

#include "admin/handlers.h"
#include "admin/json_body.h"

namespace keywarden {
namespace {

/// Never written: the question alone shows whether the store answers.
constexpr std::string_view kProbe = "ready.probe";

}  // namespace

Result<void> ask_store(AdminContext& context) {
    const auto asked = context.keys.store().get_setting(kProbe);
    if (asked || asked.error().code == ErrorCode::NotFound) return {};
    return fail(ErrorCode::StoreUnavailable, "The store does not answer.", asked.error().detail);
}

Result<HttpResponse> read_health(AdminContext&, const ApiCall&) {
    return json_response(200, {{"status", "ok"}});
}

Result<HttpResponse> read_readiness(AdminContext& context, const ApiCall&) {
    if (context.draining()) {
        return fail(ErrorCode::Overloaded, "The gateway is shutting down.");
    }
    TRY_VOID(ask_store(context));
    return json_response(200, {{"status", "ready"}});
}

}  // namespace keywarden
