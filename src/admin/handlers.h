// Every handler of this layer, as the table in routes.cc names them.
#pragma once

#include "admin/context.h"
#include "base/result.h"
#include "domain/route.h"

namespace keywarden {

// keys.cc
Result<HttpResponse> list_keys(AdminContext& context, const ApiCall& call);
Result<HttpResponse> create_key(AdminContext& context, const ApiCall& call);
Result<HttpResponse> read_key(AdminContext& context, const ApiCall& call);
Result<HttpResponse> change_key(AdminContext& context, const ApiCall& call);
Result<HttpResponse> revoke_key(AdminContext& context, const ApiCall& call);

// key_actions.cc
Result<HttpResponse> put_toollist(AdminContext& context, const ApiCall& call);
Result<HttpResponse> rotate_key(AdminContext& context, const ApiCall& call);
Result<HttpResponse> disable_key(AdminContext& context, const ApiCall& call);
Result<HttpResponse> enable_key(AdminContext& context, const ApiCall& call);

// calling_key.cc
Result<HttpResponse> read_calling_key(AdminContext& context, const ApiCall& call);

// key_formats.cc
Result<HttpResponse> list_key_formats(AdminContext& context, const ApiCall& call);

// health.cc
Result<HttpResponse> read_health(AdminContext& context, const ApiCall& call);
Result<HttpResponse> read_readiness(AdminContext& context, const ApiCall& call);

// docs.cc
Result<HttpResponse> read_openapi(AdminContext& context, const ApiCall& call);
Result<HttpResponse> read_docs(AdminContext& context, const ApiCall& call);
Result<HttpResponse> read_error_docs(AdminContext& context, const ApiCall& call);

}  // namespace keywarden
