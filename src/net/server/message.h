#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/server/http.h"

// How a response looks on the wire. No sockets: server.cc sends what this makes.
namespace runstone::http {

/// How the body of a response goes out.
enum class Framing {
  kLength,   ///< Content-Length
  kChunked,  ///< an event stream to an HTTP/1.1 client
  kUntilClose,
};

/// The status line and headers, with Date, Content-Length or Transfer-Encoding, Connection.
std::string response_head(const Response& response, Framing framing, std::uint64_t body_bytes,
                          bool keep_alive);

/// First and last byte, inclusive.
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};
enum class RangeKind { kWhole, kPart, kUnsatisfiable };
struct RangeAnswer {
  RangeKind kind = RangeKind::kWhole;
  ByteRange range;
};
/// What a Range header asks of `size_bytes`. One range only; several, or nonsense, mean the whole.
RangeAnswer parse_range(std::string_view header, std::uint64_t size_bytes);

/// True if If-None-Match names the response's ETag: then 304.
bool not_modified(const Headers& request, const Response& response);

}  // namespace runstone::http
