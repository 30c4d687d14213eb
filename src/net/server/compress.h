#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "net/server/http.h"
#include "runstone/result.h"

namespace runstone::http {

/// Shorter text than this goes out as it is: it fits one packet anyway.
inline constexpr std::size_t kCompressFromBytes = 4096;

/// The body as gzip if the client takes that, the body is long text, and nothing encoded it before.
void compress_response(std::string_view accept_encoding, Response& response);

std::string gzip(std::string_view bytes);
/// Errors: kInvalidArgument if it is no gzip; kResourceExhausted past `max_bytes`.
Result<std::string> gunzip(std::string_view bytes, std::size_t max_bytes);

}  // namespace runstone::http
