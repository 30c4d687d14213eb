#include "remote/api_client.h"

#include <time.h>

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "base/json.h"

namespace runstone::remote {
namespace {

std::string without_trailing_slash(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url;
}

/// What an error answer says in words: the message of a JSON body, else nothing (HTML says little).
std::string words_of(std::string_view body) {
  const auto json = json::parse(body);
  if (!json) return {};
  if (const Value* errors = json->get("errors"); errors && errors->if_list()) {
    if (!errors->if_list()->empty()) {
      if (const Value* message = errors->if_list()->front().get("message")) {
        return std::string(message->string_or(""));
      }
    }
  }
  for (const char* key : {"error", "message"}) {
    if (const Value* text = json->get(key)) return std::string(text->string_or(""));
  }
  return {};
}

/// The table of docs/format for what is not tried again; all else outside of 2xx is.
TroubleKind kind_of(int status) {
  switch (status) {
    case 401:
    case 403:
      return TroubleKind::kUnauthorized;
    case 400:
    case 402:
    case 404:
    case 409:
    case 410:
    case 413:
    case 422:
    case 501:
      return TroubleKind::kRefused;
    default:
      return TroubleKind::kRetry;
  }
}

/// "https://host:port" of an address.
std::string origin_of(const std::string& url) {
  const auto scheme = url.find("://");
  return scheme == url.npos ? url : url.substr(0, url.find('/', scheme + 3));
}

Trouble refusal(const std::string& base_url, std::string_view name, const std::string& words) {
  return {.kind = TroubleKind::kRefused,
          .status = 200,
          .message = base_url + " refuses " + std::string(name) + ": " + words};
}

Trouble not_json(const std::string& base_url) {
  return {.kind = TroubleKind::kRetry,
          .status = 200,
          .message = base_url + " answers, but not as a server of this API (no JSON)"};
}

}  // namespace

std::int64_t parse_retry_after_us(std::string_view header, std::int64_t now_us) {
  double seconds = 0;
  const auto parsed = std::from_chars(header.data(), header.data() + header.size(), seconds);
  if (parsed.ec == std::errc() && parsed.ptr == header.data() + header.size()) {
    if (!(seconds > 0)) return 0;
    return static_cast<std::int64_t>(std::min(seconds, kRetryAfterMaxUs / 1e6) * 1e6);
  }
  tm date{};
  if (strptime(std::string(header).c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date) == nullptr)
    return 0;
  const std::int64_t until_us = static_cast<std::int64_t>(timegm(&date)) * 1'000'000;
  return std::clamp<std::int64_t>(until_us - now_us, 0, kRetryAfterMaxUs);
}

ApiClient::ApiClient(net::HttpTransport& transport, const Clock& clock, Target target)
    : transport_(transport), clock_(clock), target_(std::move(target)) {
  target_.base_url = without_trailing_slash(std::move(target_.base_url));
}

Outcome<net::ClientResponse> ApiClient::exchange(const net::ClientRequest& request,
                                                 std::string* location) {
  auto response = transport_.send(request);
  if (!response) {
    const Error& error = response.error();
    Trouble trouble{.message = target_.base_url + ": " + error.message};
    trouble.is_too_large = error.code == ErrorCode::kResourceExhausted;
    if (error.code == ErrorCode::kFailedPrecondition) trouble.kind = TroubleKind::kCancelled;
    if (error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kNotImplemented) {
      trouble.kind = TroubleKind::kRefused;
    }
    if (error.code == ErrorCode::kNotFound || error.code == ErrorCode::kIo) {
      trouble.kind = TroubleKind::kNoFile;
      trouble.message = error.message;
    }
    return trouble;
  }
  if (response->header("ratelimit-remaining") == "0") {
    const auto wait_us = parse_retry_after_us(response->header("ratelimit-reset"), clock_.now_us());
    not_before_us_ = clock_.monotonic_us() + wait_us;
  }
  if (response->status >= 200 && response->status < 300) return std::move(*response);
  if (location != nullptr && response->status / 100 == 3) *location = response->header("location");
  Trouble trouble{.kind = kind_of(response->status), .status = response->status};
  trouble.retry_after_us = parse_retry_after_us(response->header("retry-after"), clock_.now_us());
  const std::string words = words_of(response->body);
  trouble.message = target_.base_url + " answered " + std::to_string(response->status) +
                    (words.empty() ? "" : " (" + words + ")");
  return trouble;
}

net::Headers ApiClient::json_headers(const char* writer_header) const {
  net::Headers headers{{"Content-Type", "application/json"}};
  if (target_.shared_writer_id.empty()) return headers;
  headers.emplace_back("X-WANDB-USE-ASYNC-FILESTREAM", "true");
  headers.emplace_back(writer_header, target_.shared_writer_id);
  return headers;
}

Outcome<std::string> ApiClient::graphql_text(std::string_view name, std::string_view document,
                                             const Value& variables, std::int64_t timeout_us,
                                             std::size_t answer_max_bytes) {
  const std::string body = protocol::graphql_body(name, document, variables);
  auto response = exchange({.method = "POST",
                            .url = target_.base_url + "/graphql",
                            .headers = json_headers("X-WANDB-CLIENT-ID"),
                            .body = body,
                            .api_key = target_.api_key,
                            .timeout_us = timeout_us,
                            .response_max_bytes = answer_max_bytes});
  if (!response) return response.trouble();
  return std::move(response->body);
}

Outcome<Value> ApiClient::graphql(std::string_view name, std::string_view document,
                                  const Value& variables, std::int64_t timeout_us) {
  constexpr std::size_t kAnswerMaxBytes = 64u << 20;
  auto text = graphql_text(name, document, variables, timeout_us, kAnswerMaxBytes);
  if (!text) return text.trouble();
  auto answer = protocol::parse_graphql_answer(*text);
  if (!answer) return not_json(target_.base_url);
  if (!answer->errors.empty()) return refusal(target_.base_url, name, answer->errors);
  return std::move(answer->data);
}

Outcome<std::string> ApiClient::get(const std::string& url, const std::string& path,
                                    std::int64_t stall_timeout_us, std::size_t memory_max_bytes) {
  constexpr std::int64_t kWholeTimeoutUs = std::int64_t{24} * 3600 * 1'000'000;
  constexpr int kMaxRedirections = 5;
  std::string at = url.rfind('/', 0) == 0 ? target_.base_url + url : url;
  for (int hop = 0;; ++hop) {
    const bool is_own = at.rfind(target_.base_url + "/", 0) == 0;
    net::ClientRequest request{.url = at,
                               .api_key = is_own ? target_.api_key : std::string(),
                               .timeout_us = kWholeTimeoutUs,
                               .stall_timeout_us = stall_timeout_us,
                               .response_max_bytes = memory_max_bytes,
                               .response_file = path};
    std::string location;
    auto response = exchange(request, &location);
    if (response) return std::move(response->body);
    if (location.empty() || hop == kMaxRedirections) return response.trouble();
    at = location.rfind('/', 0) == 0 ? origin_of(at) + location : location;
  }
}

Outcome<RunIdentity> ApiClient::upsert(const protocol::UpsertBucket& upsert,
                                       std::int64_t timeout_us) {
  auto data = graphql("UpsertBucket", protocol::kUpsertBucketDocument,
                      protocol::to_variables(upsert), timeout_us);
  if (!data) {
    Trouble trouble = data.trouble();
    // Two writers at once create the same project: the second try finds it.
    if (trouble.status == 409) trouble.kind = TroubleKind::kRetry;
    return trouble;
  }
  auto bucket = protocol::parse_bucket(*data);
  if (!bucket) return Trouble{.kind = TroubleKind::kRetry, .message = bucket.error().message};
  return RunIdentity{.storage_id = std::move(bucket->id),
                     .run_id = std::move(bucket->name),
                     .display_name = std::move(bucket->display_name),
                     .entity = std::move(bucket->entity),
                     .project = std::move(bucket->project),
                     .sweep_id = std::move(bucket->sweep),
                     .inserted = bucket->inserted};
}

Outcome<StreamAnswer> ApiClient::post_file_stream(const RunIdentity& run, std::string_view body,
                                                  std::int64_t timeout_us) {
  const std::string url = target_.base_url + "/files/" + percent_encode(run.entity) + "/" +
                          percent_encode(run.project) + "/" + percent_encode(run.run_id) +
                          "/file_stream";
  auto response = exchange({.method = "POST",
                            .url = url,
                            .headers = json_headers("X-WANDB-ASYNC-CLIENT-ID"),
                            .body = body,
                            .api_key = target_.api_key,
                            .timeout_us = timeout_us});
  if (!response) return response.trouble();
  // A captive portal answers 200 with a page: only a JSON object is an acknowledgement.
  const auto answer = json::parse(response->body);
  if (!answer || !answer->is_dict()) return not_json(target_.base_url);
  const Value* stopped = answer->get("stopped");
  return StreamAnswer{.stopped = stopped != nullptr && stopped->bool_or(false)};
}

Outcome<protocol::CreatedRunFiles> ApiClient::create_run_files(
    const RunIdentity& run, const std::vector<std::string>& names, std::int64_t timeout_us) {
  auto data = graphql(
      "CreateRunFiles", protocol::kCreateRunFilesDocument,
      protocol::create_run_files_variables(run.entity, run.project, run.run_id, names), timeout_us);
  if (!data) return data.trouble();
  auto created = protocol::parse_created_run_files(*data);
  if (!created) return Trouble{.kind = TroubleKind::kRetry, .message = created.error().message};
  return std::move(*created);
}

Outcome<Done> ApiClient::put(const protocol::UploadUrl& url,
                             const std::vector<std::string>& headers, const Upload& upload,
                             std::int64_t timeout_us) {
  net::ClientRequest request{
      .method = "PUT",
      .url = url.url.rfind('/', 0) == 0 ? target_.base_url + url.url : url.url,
      .body = upload.bytes,
      .body_file = upload.path,
      .timeout_us = timeout_us};
  for (const std::string& header : headers) {
    const auto colon = header.find(':');
    if (colon == std::string::npos) continue;
    const auto value = header.find_first_not_of(' ', colon + 1);
    request.headers.emplace_back(header.substr(0, colon),
                                 value == std::string::npos ? "" : header.substr(value));
  }
  auto response = exchange(request);
  if (!response) {
    Trouble trouble = response.trouble();
    // A signed address that has expired, or a store that says no: this file only.
    if (trouble.kind == TroubleKind::kUnauthorized) trouble.kind = TroubleKind::kRefused;
    return trouble;
  }
  return Done{};
}

Outcome<Done> ApiClient::notify_alert(const RunIdentity& run, const std::string& title,
                                      const std::string& text, const std::string& level,
                                      std::int64_t wait_duration_ms, std::int64_t timeout_us) {
  const Dict variables{{"entityName", run.entity},
                       {"projectName", run.project},
                       {"runName", run.run_id},
                       {"title", title},
                       {"text", text},
                       {"severity", level.empty() ? "INFO" : level},
                       {"waitDuration", wait_duration_ms}};
  auto data =
      graphql("NotifyScriptableRunAlert", protocol::kNotifyAlertDocument, variables, timeout_us);
  if (!data) return data.trouble();
  return Done{};
}

}  // namespace runstone::remote
