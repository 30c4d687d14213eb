#include "net/server/message.h"

#include <charconv>
#include <ctime>

namespace runstone::http {
namespace {

// Made once a second and thread.
const std::string& date_text() {
  thread_local std::time_t made_for = 0;
  thread_local std::string text;
  const auto now = std::time(nullptr);
  if (now != made_for) {
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    char buffer[64];
    const auto length = std::strftime(buffer, sizeof(buffer), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    text.assign(buffer, length);
    made_for = now;
  }
  return text;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// A header value never ends the line it stands on, whatever a handler put into it.
void append_header(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ");
  for (const char c : value) {
    if (c != '\r' && c != '\n' && c != '\0') head.push_back(c);
  }
  head.append("\r\n");
}

}  // namespace

std::string response_head(const Response& response, Framing framing, std::uint64_t body_bytes,
                          bool keep_alive) {
  std::string head;
  head.reserve(256);
  head.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  head.append(reason_phrase(response.status)).append("\r\n");
  append_header(head, "Date", date_text());
  for (const auto& [name, value] : response.headers.items()) append_header(head, name, value);
  switch (framing) {
    case Framing::kLength:
      if (response.status != 204 && response.status != 304) {
        append_header(head, "Content-Length", std::to_string(body_bytes));
      }
      break;
    case Framing::kChunked:
      append_header(head, "Transfer-Encoding", "chunked");
      break;
    case Framing::kUntilClose:
      break;
  }
  if (!keep_alive) append_header(head, "Connection", "close");
  head.append("\r\n");
  return head;
}

RangeAnswer parse_range(std::string_view header, std::uint64_t size_bytes) {
  constexpr std::string_view kUnit = "bytes=";
  if (header.substr(0, kUnit.size()) != kUnit) return {};
  header.remove_prefix(kUnit.size());
  const auto dash = header.find('-');
  if (dash == std::string_view::npos || header.find(',') != std::string_view::npos) return {};
  const auto first = parse_number(header.substr(0, dash));
  const auto last = parse_number(header.substr(dash + 1));
  const bool last_given = dash + 1 < header.size();
  if (last_given && !last) return {};
  if (dash == 0) {  // the last N bytes
    if (!last) return {};
    if (*last == 0 || size_bytes == 0) return {RangeKind::kUnsatisfiable, {}};
    const auto count = std::min(*last, size_bytes);
    return {RangeKind::kPart, {size_bytes - count, size_bytes - 1}};
  }
  if (!first || (last && *last < *first)) return {};
  if (*first >= size_bytes) return {RangeKind::kUnsatisfiable, {}};
  return {RangeKind::kPart, {*first, last ? std::min(*last, size_bytes - 1) : size_bytes - 1}};
}

bool not_modified(const Headers& request, const Response& response) {
  const auto* asked = request.find("if-none-match");
  const auto* etag = response.headers.find("etag");
  if (!asked || !etag || response.status != 200) return false;
  return *asked == "*" || asked->find(*etag) != std::string::npos;
}

}  // namespace runstone::http
