#include <string>
#include <utility>

#include "api/identify.h"
#include "api/routes.h"
#include "base/json.h"
#include "net/server/compress.h"
#include "protocol/file_stream_body.h"

#include <xxhash.h>

#include "base/encoding.h"

// POST /files/{entity}/{project}/{run}/file_stream: the road by which rows come in. The 4xx of this
// route end a stock client's upload for good, so there are only the ones that are meant to.
namespace runstone::api {
namespace {

constexpr std::uint64_t kFileStreamBytesMax = 64ULL << 20;

std::string hash_of(std::string_view body) {
  const auto hash = XXH3_128bits(body.data(), body.size());
  return std::to_string(hash.high64) + "-" + std::to_string(hash.low64);
}

// The checked request, up to the point where ingest takes over; or the answer that refuses it.
Result<ingest::AppendRequest> read_request(const Services& services, http::Request request) {
  auto principal = identify(services, request);
  if (!principal) return fail(std::move(principal).error());
  ingest::AppendRequest append;
  append.path = {std::string(request.parameter("entity")),
                 std::string(request.parameter("project")), std::string(request.parameter("run"))};
  if (!auth::authorize(*principal, auth::Action::kWrite,
                       {append.path.entity, append.path.project})) {
    return fail(ErrorCode::kNotFound, "there is no such run, or this key may not write to it");
  }
  if (request.headers.get("content-encoding") == "gzip") {
    auto plain = http::gunzip(request.body, kFileStreamBytesMax);
    if (!plain) return fail(std::move(plain).error());
    request.body = std::move(*plain);
  }
  append.shared = request.headers.get("x-wandb-use-async-filestream") == "true";
  if (append.shared) {
    append.writer = std::string(request.headers.get("x-wandb-async-client-id"));
    append.body_hash = hash_of(request.body);
  }
  auto body = protocol::parse_file_stream_body(std::move(request.body));
  if (!body) return fail(std::move(body).error());
  append.body = std::move(*body);
  return append;
}

Task<http::Response> post_file_stream(const Services& services, http::Request request) {
  const bool taken = co_await resume_on(services.pool);
  if (!taken) co_return http::overloaded_response();
  const bool packed = request.headers.find("content-encoding") != nullptr;
  auto append = read_request(services, std::move(request));
  if (!append) {
    const auto& error = append.error();
    if (packed && error.code == ErrorCode::kResourceExhausted) {
      co_return http::message_response(413, error.message);
    }
    co_return failure_response(error);
  }
  auto task = services.ingest.append(std::move(*append));
  auto answer = co_await task;
  if (!answer) co_return failure_response(answer.error());
  co_return http::json_text_response(200, answer->stopped
                                              ? R"({"exitcode":null,"limits":{},"stopped":true})"
                                              : R"({"exitcode":null,"limits":{},"stopped":false})");
}

}  // namespace

void add_file_stream_route(http::Router& router, const Services& services) {
  router.add(
      http::Method::kPost, "/files/{entity}/{project}/{run}/file_stream",
      [&services](http::Request request) { return post_file_stream(services, std::move(request)); },
      {.max_body_bytes = kFileStreamBytesMax});
}

}  // namespace runstone::api
