#pragma once

#include <string_view>

#include "api/services.h"
#include "net/server/http.h"
#include "net/server/router.h"

namespace runstone::api {

/// Says that pages of any origin may read an answer. Only for signed addresses: they carry their
/// own authority and no cookie counts there, so a foreign page gains nothing that it was not given.
/// Source: the Fetch standard, "CORS protocol".
void allow_any_origin(http::Response& response);

/// Answers a browser's question (OPTIONS) whether a page of another origin may GET or PUT there.
void add_preflight(http::Router& router, const Services& services, std::string_view pattern);

}  // namespace runstone::api
