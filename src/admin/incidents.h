// Incidents: what the operator tells those who use the gateway.
#pragma once

#include <vector>

#include "admin/context.h"
#include "base/json/body.h"
#include "base/result.h"
#include "domain/incident.h"
#include "domain/route.h"

namespace keywarden {

/// All of them, newest first. Errors: StoreUnavailable.
Result<std::vector<Incident>> load_incidents(AdminContext& context);

Json incident_record(const Incident& incident);

Result<HttpResponse> list_incidents(AdminContext& context, const ApiCall& call);
Result<HttpResponse> create_incident(AdminContext& context, const ApiCall& call);
Result<HttpResponse> read_incident(AdminContext& context, const ApiCall& call);
Result<HttpResponse> change_incident(AdminContext& context, const ApiCall& call);
Result<HttpResponse> delete_incident(AdminContext& context, const ApiCall& call);

/// GET /status: how the gateway is, for everybody; a page where a browser asks.
Result<HttpResponse> read_status(AdminContext& context, const ApiCall& call);

}  // namespace keywarden
