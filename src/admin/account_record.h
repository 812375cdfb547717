// Teams, plans, apps, people, and members as callers see them.
#pragma once

#include <string>
#include <vector>

#include "admin/json_body.h"
#include "domain/account.h"
#include "store/store.h"

namespace keywarden {

/// `caps`: what holds where the plan says nothing.
Json team_record(const Team& team, const Plan& plan, KeyCaps caps);
Json plan_record(const Plan& plan);
Json app_record(const App& app);
Json user_record(const User& user);
Json member_record(const Member& member);

/// `{"object":"list","data":[…],"has_more":…,"next":…}`; `next` is empty on the last page.
HttpResponse list_response(Json data, const std::string& next);

/// The record as an answer, with its version as the ETag.
HttpResponse versioned_response(int status, const Json& record, int64_t version);

// What a caller may name things. Errors: InvalidRequest, naming the field.
inline constexpr size_t kEmailMax = 254;  // RFC 5321, 4.5.3.1.3
Result<std::string> read_name_of(std::string_view field, const Json& value);
Result<std::string> read_email(const Json& value);
Result<std::optional<int64_t>> read_cap(std::string_view field, const Json& value);

}  // namespace keywarden
