#pragma once

#include <functional>

#include "api/services.h"
#include "auth/auth.h"
#include "net/server/http.h"
#include "runstone/result.h"

namespace runstone::api {

/// Who sent the request: by Basic key or session cookie, with the rule against foreign pages.
/// Blocking. Errors as Auth::authenticate().
Result<auth::Principal> identify(const Services& services, const http::Request& request);

/// What a request without a valid key gets. The stock client reads both parts of the body.
http::Response unauthenticated_response();
/// The answer to an error of identify() or of a service.
http::Response failure_response(const Error& error);

/// A handler that runs on the pool for those who are somebody; everybody else gets a 401.
using PrincipalWork =
    std::function<http::Response(const auth::Principal& principal, http::Request request)>;
http::Handler for_principal(const Services& services, PrincipalWork work);

/// The run that a request's {entity}, {project} and {run} name, if the principal may do that to it.
/// What he may not see does not exist: kNotFound.
Result<store::RunInfo> find_run_for(const Services& services, const auth::Principal& principal,
                                    auth::Action action, const http::Request& request,
                                    store::RunColumns columns = {false, false});

}  // namespace runstone::api
