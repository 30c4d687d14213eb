#include <openssl/evp.h>

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "api/cross_origin.h"
#include "api/identify.h"
#include "api/routes.h"
#include "base/encoding.h"

// PUT and GET /files/{entity}/{project}/{run}/{path}: the files of a run.
namespace runstone::api {
namespace {

constexpr std::uint64_t kFileBytesMax = 64ULL << 30;
constexpr std::size_t kHashPieceBytes = 1 << 20;

// What a run's author uploaded is shown, but never runs as a page of this server: no script, no
// form, no request elsewhere, and an origin of its own.
constexpr const char* kFilePolicy =
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "media-src 'self'; font-src data:";

auth::FileGrant grant_of(const http::Request& request, std::string_view method) {
  return {method, request.parameter("entity"), request.parameter("project"),
          request.parameter("run"), request.parameter("path")};
}

bool is_signed(const http::Request& request) { return request.query("signature") != nullptr; }

Result<void> check_signature(const Services& services, const http::Request& request,
                             std::string_view method) {
  const auto* expires = request.query("expires");
  const auto* signature = request.query("signature");
  if (!expires || !signature) {
    return fail(ErrorCode::kPermissionDenied,
                "an upload needs the signed address that createRunFiles gives");
  }
  return services.signer.check(grant_of(request, method), *expires, *signature);
}

Result<std::string> md5_of(const std::string& path) {
  auto source = http::open_file_source(path);
  if (!source) return fail(std::move(source).error());
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), EVP_md5(), nullptr);
  std::string piece(kHashPieceBytes, '\0');
  for (std::uint64_t at = 0;;) {
    auto got = (*source)->read(at, Span<char>(piece.data(), piece.size()));
    if (!got) return fail(std::move(got).error());
    if (*got == 0) break;
    EVP_DigestUpdate(context.get(), piece.data(), *got);
    at += *got;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int length = 0;
  EVP_DigestFinal_ex(context.get(), digest.data(), &length);
  return to_base64(std::string_view(reinterpret_cast<const char*>(digest.data()), length));
}

http::Response put_file(const Services& services, http::Request request) {
  // The signature was checked before the body was read; it stands for the key.
  const auto run =
      services.store.find_run(request.parameter("entity"), request.parameter("project"),
                              request.parameter("run"), {false, false});
  if (!run) return http::error_response(run.error());
  auto md5 = md5_of(request.body_file->path());
  if (!md5) return http::error_response(md5.error());
  if (const auto* told = request.headers.find("content-md5"); told && *told != *md5) {
    return http::message_response(400, "the body does not have the MD5 that Content-MD5 says");
  }
  ingest::FileContent content;
  content.spooled = request.body_file->path();
  content.size_bytes = static_cast<std::int64_t>(request.body_file->size_bytes());
  content.md5_base64 = *md5;
  content.mimetype = std::string(http::content_type_of(request.parameter("path")));
  const auto stored =
      services.ingest.store_file(run->id, request.parameter("path"), std::move(content));
  if (!stored) return http::error_response(stored.error());
  auto response = http::text_response(200, "").with("ETag", "\"" + *md5 + "\"");
  allow_any_origin(response);
  return response;
}

// An object of a store that has no files, read range by range.
class ObjectSource final : public http::ByteSource {
 public:
  ObjectSource(const objects::ObjectStore& store, std::string key, std::uint64_t size_bytes)
      : store_(store), key_(std::move(key)), size_bytes_(size_bytes) {}
  std::uint64_t size_bytes() const override { return size_bytes_; }
  Result<std::size_t> read(std::uint64_t offset, Span<char> into) override {
    auto bytes = store_.get_range(key_, static_cast<std::int64_t>(offset),
                                  static_cast<std::int64_t>(into.size()));
    if (!bytes) return fail(std::move(bytes).error());
    std::copy(bytes->begin(), bytes->end(), into.data());
    return bytes->size();
  }

 private:
  const objects::ObjectStore& store_;
  const std::string key_;
  const std::uint64_t size_bytes_;
};

Result<std::shared_ptr<http::ByteSource>> open_object(const Services& services,
                                                      const store::RunFile& file) {
  auto path = services.objects.local_path(file.object_key);
  if (!path) return fail(std::move(path).error());
  if (!path->empty()) return http::open_file_source(path->string());
  return std::shared_ptr<http::ByteSource>(std::make_shared<ObjectSource>(
      services.objects, file.object_key, static_cast<std::uint64_t>(file.size_bytes)));
}

Result<void> may_read(const Services& services, const http::Request& request) {
  if (is_signed(request)) return check_signature(services, request, "GET");
  const auto principal = identify(services, request);
  if (!principal) return fail(principal.error());
  if (!auth::authorize(*principal, auth::Action::kRead,
                       {request.parameter("entity"), request.parameter("project")})) {
    return fail(ErrorCode::kNotFound, "there is no such file");
  }
  return {};
}

http::Response get_file(const Services& services, const http::Request& request) {
  if (auto allowed = may_read(services, request); !allowed)
    return failure_response(allowed.error());
  const auto run =
      services.store.find_run(request.parameter("entity"), request.parameter("project"),
                              request.parameter("run"), {false, false});
  if (!run) return http::error_response(run.error());
  const auto file = services.store.file(run->id, request.parameter("path"));
  if (!file) return http::error_response(file.error());
  if (file->object_key.empty()) return http::message_response(404, "the file has not arrived yet");
  auto source = open_object(services, *file);
  if (!source) return http::error_response(source.error());
  http::Response response;
  const auto type =
      file->mimetype.empty() ? std::string(http::content_type_of(file->name)) : file->mimetype;
  response.headers.add("Content-Type", type);
  response.headers.add("Content-Security-Policy", kFilePolicy);
  response.headers.add("X-Content-Type-Options", "nosniff");
  response.headers.add("Cache-Control", "private, no-cache");
  if (!file->md5_base64.empty()) response.headers.add("ETag", "\"" + file->md5_base64 + "\"");
  if (is_signed(request)) allow_any_origin(response);
  response.body = std::move(*source);
  return response;
}

}  // namespace

void add_file_routes(http::Router& router, const Services& services) {
  const char* pattern = "/files/{entity}/{project}/{run}/{path...}";
  router.add(http::Method::kGet, pattern,
             http::on_pool(services.pool, [&services](http::Request request) {
               return get_file(services, request);
             }));
  add_preflight(router, services, pattern);
  http::RouteOptions upload;
  upload.max_body_bytes = kFileBytesMax;
  upload.spool = true;
  upload.admit = [&services](const http::Request& request) -> std::optional<http::Response> {
    auto allowed = check_signature(services, request, "PUT");
    if (allowed) return std::nullopt;
    return http::error_response(allowed.error());
  };
  router.add(http::Method::kPut, pattern,
             http::on_pool(services.pool,
                           [&services](http::Request request) {
                             return put_file(services, std::move(request));
                           }),
             std::move(upload));
}

}  // namespace runstone::api
