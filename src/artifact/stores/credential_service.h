#pragma once

#include <string>

#include "net/client/http_client.h"
#include "runstone/result.h"
#include "runstone/value.h"

// The small services that hand out credentials: of the machine itself, and those of a cloud.
namespace runstone::artifact {

/// Asks a service of this machine (a metadata or container endpoint), past any proxy and not for
/// long: where there is none, nobody answers. Errors: of HttpTransport::send().
Result<net::ClientResponse> ask_machine(net::ClientRequest request);

/// The JSON object that a service of credentials answers with. `whose` begins the words of errors.
/// Errors: kConflict, with what it says.
Result<Dict> credentials_answer(Result<net::ClientResponse> answer, const std::string& whose);

/// A field of such an object, as text; empty: there is none.
std::string text_in(const Dict& object, std::string_view key);

/// What a service answered, fit for an error: short, in one line, and UTF-8, whatever came.
std::string readable(std::string text);

std::string environment(const char* name);
std::string without_end_slash(std::string text);
/// Of an address, without its port; an IPv6 one in brackets.
std::string host_of(const std::string& url);
/// Whether what is sent there can be read by nobody else: https, or this machine.
bool is_private_channel(const std::string& url);

std::string hmac_sha256(const std::string& key, const std::string& text);

/// name=value pairs as a form's body and a URL's query have them.
std::string form_text(std::initializer_list<std::pair<const char*, std::string>> fields);

}  // namespace runstone::artifact
