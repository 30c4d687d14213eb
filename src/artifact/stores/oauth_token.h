#pragma once

#include <string>

#include "artifact/stores/kept_credentials.h"
#include "net/client/http_client.h"
#include "runstone/result.h"

namespace runstone::artifact {

using LastingToken = Result<Lasting<std::string>>;

/// The token of an answer of OAuth 2 (RFC 6749, 5.1), which says itself how long it lasts.
/// Errors: kConflict, with what the answer says; `whose` begins the words.
LastingToken token_in(Result<net::ClientResponse> answer, const std::string& whose);
/// Asks an endpoint of tokens with a form. Errors: those of token_in().
LastingToken ask_for_token(const std::string& url, const std::string& form,
                           const std::string& whose);
/// That nobody gives one, for a while.
Lasting<std::string> no_token();

}  // namespace runstone::artifact
