// What the lists of a person's own ways in answer alike.
#pragma once

#include <utility>

#include "console/context.h"
#include "console/person.h"

namespace keywarden {

/// All of them on one page, and whether there is a password beside them.
inline Result<HttpResponse> own_list(ConsoleContext& context, const ApiCall& call, Json data) {
    TRY(const SignIn own, context.store->sign_ins().get_sign_in(call.session->user_id));
    return json_response(200,
                         {{"object", "list"},
                          {"data", std::move(data)},
                          {"has_more", false},
                          {"next", nullptr},
                          {"has_password", !own.password_hash.empty()}});
}

}  // namespace keywarden
