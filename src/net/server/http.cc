#include "net/server/http.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/encoding.h"
#include "base/json.h"

namespace runstone::http {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<std::string> decode_query_part(std::string_view text) {
  std::string plain(text);
  std::replace(plain.begin(), plain.end(), '+', ' ');
  return percent_decode(plain);
}

bool parse_query(std::string_view text, Request& into) {
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto item = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (item.empty()) continue;
    const auto equals = item.find('=');
    auto name = decode_query_part(item.substr(0, equals));
    auto value = decode_query_part(equals == std::string_view::npos ? std::string_view()
                                                                    : item.substr(equals + 1));
    if (!name || !value) return false;
    into.query_items.emplace_back(std::move(*name), std::move(*value));
  }
  return true;
}

}  // namespace

const char* to_string(Method method) noexcept {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kHead:
      return "HEAD";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kDelete:
      return "DELETE";
    case Method::kOptions:
      return "OPTIONS";
    case Method::kOther:
      break;
  }
  return "OTHER";
}

const std::string* Headers::find(std::string_view name) const {
  for (const auto& [have, value] : items_) {
    if (same_name(have, name)) return &value;
  }
  return nullptr;
}

std::string_view Headers::get(std::string_view name, std::string_view fallback) const {
  const auto* value = find(name);
  return value ? std::string_view(*value) : fallback;
}

void Headers::set(std::string_view name, std::string value) {
  std::erase_if(items_, [&](const auto& item) { return same_name(item.first, name); });
  items_.emplace_back(std::string(name), std::move(value));
}

std::string_view Request::parameter(std::string_view name) const {
  for (const auto& [have, value] : parameters) {
    if (have == name) return value;
  }
  return "";
}

const std::string* Request::query(std::string_view name) const {
  for (const auto& [have, value] : query_items) {
    if (have == name) return &value;
  }
  return nullptr;
}

std::optional<std::string> Request::cookie(std::string_view name) const {
  for (const auto& [header, text] : headers.items()) {
    if (!same_name(header, "cookie")) continue;
    std::string_view rest = text;
    while (!rest.empty()) {
      const auto end = rest.find(';');
      const auto item = trimmed(rest.substr(0, end));
      rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
      const auto equals = item.find('=');
      if (equals != std::string_view::npos && item.substr(0, equals) == name) {
        return std::string(item.substr(equals + 1));
      }
    }
  }
  return std::nullopt;
}

std::string Request::base_url() const {
  const auto scheme = headers.get("x-forwarded-proto", "http");
  return std::string(scheme == "https" ? "https" : "http") + "://" +
         std::string(headers.get("host", "127.0.0.1"));
}

bool parse_target(std::string_view target, Request& into) {
  into.target = std::string(target);
  // The absolute form, which proxies send: only the path counts.
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.substr(0, scheme.size()) == scheme) {
      const auto slash = target.find('/', scheme.size());
      target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
    }
  }
  if (target.empty() || target.front() != '/') return false;
  target = target.substr(0, target.find('#'));
  const auto question = target.find('?');
  into.path = std::string(target.substr(0, question));
  if (!percent_decode(into.path)) return false;
  return question == std::string_view::npos || parse_query(target.substr(question + 1), into);
}

std::string_view Response::text() const {
  if (const auto* text = std::get_if<std::string>(&body)) return *text;
  if (const auto* bytes = std::get_if<StaticBody>(&body)) return bytes->bytes;
  return "";
}

Response text_response(int status, std::string text, std::string content_type) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", std::move(content_type));
  response.body = std::move(text);
  return response;
}

Response json_text_response(int status, std::string json) {
  return text_response(status, std::move(json), "application/json");
}

Response json_response(int status, const Value& value) {
  return json_text_response(status, json::to_text(value));
}

Response message_response(int status, std::string_view message) {
  return json_response(status, Dict{{"errors", List{Dict{{"message", message}}}}});
}

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kInvalidType:
    case ErrorCode::kOutOfRange:
      return 400;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kConflict:
    case ErrorCode::kConfigLocked:
    case ErrorCode::kFailedPrecondition:
      return 409;
    case ErrorCode::kUnauthenticated:
      return 401;
    case ErrorCode::kPermissionDenied:
      return 403;
    case ErrorCode::kResourceExhausted:
      return 429;
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
      return 503;
    case ErrorCode::kNotImplemented:
      return 501;
    case ErrorCode::kCorrupt:
    case ErrorCode::kIo:
    case ErrorCode::kInternal:
      return 500;
  }
  return 500;
}

Response error_response(const Error& error) {
  auto response = message_response(status_of(error.code), error.message);
  if (response.status == 429 || response.status == 503) response.headers.add("Retry-After", "1");
  return response;
}

Response overloaded_response(int retry_after_secs) {
  return message_response(429, "the server is busy; try again")
      .with("Retry-After", std::to_string(retry_after_secs));
}

Response redirect_response(int status, std::string location) {
  Response response;
  response.status = status;
  response.headers.add("Location", std::move(location));
  return response;
}

const char* reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    default:
      return "Status";
  }
}

std::string_view content_type_of(std::string_view path) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 32> kTypes{{
      {"html", "text/html; charset=utf-8"},
      {"js", "text/javascript; charset=utf-8"},
      {"mjs", "text/javascript; charset=utf-8"},
      {"css", "text/css; charset=utf-8"},
      {"json", "application/json"},
      {"jsonl", "application/x-ndjson"},
      {"map", "application/json"},
      {"svg", "image/svg+xml"},
      {"png", "image/png"},
      {"jpg", "image/jpeg"},
      {"jpeg", "image/jpeg"},
      {"gif", "image/gif"},
      {"webp", "image/webp"},
      {"bmp", "image/bmp"},
      {"ico", "image/x-icon"},
      {"woff2", "font/woff2"},
      {"woff", "font/woff"},
      {"wasm", "application/wasm"},
      {"txt", "text/plain; charset=utf-8"},
      {"log", "text/plain; charset=utf-8"},
      {"md", "text/plain; charset=utf-8"},
      {"py", "text/plain; charset=utf-8"},
      {"patch", "text/plain; charset=utf-8"},
      {"csv", "text/csv; charset=utf-8"},
      {"yaml", "text/yaml; charset=utf-8"},
      {"yml", "text/yaml; charset=utf-8"},
      {"wav", "audio/wav"},
      {"mp3", "audio/mpeg"},
      {"mp4", "video/mp4"},
      {"webm", "video/webm"},
      {"parquet", "application/vnd.apache.parquet"},
      {"webmanifest", "application/manifest+json"},
  }};
  const auto dot = path.rfind('.');
  if (dot != std::string_view::npos) {
    for (const auto& [ending, type] : kTypes) {
      if (same_name(path.substr(dot + 1), ending)) return type;
    }
  }
  return "application/octet-stream";
}

namespace {
// A named coroutine: its parameters are copied into its frame, which a capturing lambda's are not.
Task<Response> run_on_pool(Executor& pool, std::function<Response(Request)> work, Request request) {
  const bool taken = co_await resume_on(pool);
  if (!taken) co_return overloaded_response();
  co_return work(std::move(request));
}
}  // namespace

Handler on_pool(Executor& pool, std::function<Response(Request)> work) {
  return [&pool, work = std::move(work)](Request request) {
    return run_on_pool(pool, work, std::move(request));
  };
}

}  // namespace runstone::http
