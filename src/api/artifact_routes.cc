#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "api/artifact_access.h"
#include "api/cross_origin.h"
#include "api/identify.h"
#include "api/routes.h"
#include "artifacts/artifacts.h"
#include "base/encoding.h"
#include "base/try.h"

// The bytes of artifacts: PUT /artifact-uploads/{artifact}/{digest} and GET
// /artifact-files/{digest}/{name} with a signature, and the addresses that the stock client makes
// by itself, with a key.
namespace runstone::api {
namespace {

constexpr std::uint64_t kFileBytesMax = 5ULL << 40;
constexpr std::size_t kHashPieceBytes = 1 << 20;

// What somebody uploaded is shown, but never runs as a page of this server.
constexpr const char* kFilePolicy =
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "media-src 'self'; font-src data:";

Result<std::string> md5_of(const std::string& path) {
  RUNSTONE_TRY(const auto source, http::open_file_source(path));
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), EVP_md5(), nullptr);
  std::string piece(kHashPieceBytes, '\0');
  for (std::uint64_t at = 0;;) {
    RUNSTONE_TRY(const auto got, source->read(at, Span<char>(piece.data(), piece.size())));
    if (got == 0) break;
    EVP_DigestUpdate(context.get(), piece.data(), got);
    at += got;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int length = 0;
  EVP_DigestFinal_ex(context.get(), digest.data(), &length);
  return to_hex(std::string_view(reinterpret_cast<const char*>(digest.data()), length));
}

std::string upload_path(const http::Request& request) {
  return "/artifact-uploads/" + std::string(request.parameter("artifact")) + "/" +
         std::string(request.parameter("digest"));
}

bool is_digest(std::string_view text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<void> check_signature(const Services& services, const http::Request& request,
                             std::string_view method, const std::string& path) {
  const auto* expires = request.query("expires");
  const auto* signature = request.query("signature");
  if (expires == nullptr || signature == nullptr) {
    return fail(ErrorCode::kPermissionDenied, "the address needs its signature");
  }
  return services.signer.check_path(method, path, *expires, *signature);
}

http::Response put_bytes(const Services& services, const http::Request& request) {
  // The signature was checked before the body was read; it stands for the key.
  const auto id = std::strtoll(std::string(request.parameter("artifact")).c_str(), nullptr, 10);
  const auto md5 = md5_of(request.body_file->path());
  if (!md5) return http::error_response(md5.error());
  const auto stored = services.artifacts.store_bytes(
      store::ArtifactId(id), request.parameter("digest"), *md5, request.body_file->path(),
      static_cast<std::int64_t>(request.body_file->size_bytes()));
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
    RUNSTONE_TRY(const auto bytes, store_.get_range(key_, static_cast<std::int64_t>(offset),
                                                    static_cast<std::int64_t>(into.size())));
    std::copy(bytes.begin(), bytes.end(), into.data());
    return bytes.size();
  }

 private:
  const objects::ObjectStore& store_;
  const std::string key_;
  const std::uint64_t size_bytes_;
};

// The file is opened before the answer begins: who deletes the version meanwhile takes its name
// away, and this download still ends with every byte.
http::Response send_bytes(const Services& services, const std::string& digest,
                          std::string_view name) {
  const auto blob = services.store.artifacts().find_blob(digest);
  if (!blob) return http::message_response(404, "there is no such file");
  const auto key = artifacts::Artifacts::object_key(digest);
  const auto path = services.objects.local_path(key);
  if (!path) return http::message_response(404, "there is no such file");
  std::shared_ptr<http::ByteSource> source;
  if (path->empty()) {
    source = std::make_shared<ObjectSource>(services.objects, key,
                                            static_cast<std::uint64_t>(blob->size_bytes));
  } else {
    auto opened = http::open_file_source(path->string());
    if (!opened) return http::message_response(404, "there is no such file");
    source = *std::move(opened);
  }
  http::Response response;
  response.headers.add("Content-Type", std::string(http::content_type_of(name)));
  response.headers.add("Content-Security-Policy", kFilePolicy);
  response.headers.add("X-Content-Type-Options", "nosniff");
  response.headers.add("Cache-Control", "private, no-cache");
  response.headers.add("ETag", "\"" + digest + "\"");
  response.body = std::move(source);
  return response;
}

http::Response get_signed(const Services& services, const http::Request& request) {
  const std::string digest(request.parameter("digest"));
  auto allowed = check_signature(services, request, "GET", "/artifact-files/" + digest);
  if (!allowed) return http::error_response(allowed.error());
  auto response = send_bytes(services, digest, request.parameter("name"));
  allow_any_origin(response);
  return response;
}

// The entity's own bytes, or those of a version that was linked to where the caller may read.
bool may_read_bytes(const Services& services, const auth::Principal& principal,
                    const http::Request& request, const std::string& digest) {
  const auto entity = request.parameter("entity");
  // Of an organization only what is named by its version: a registry there may have its own rules.
  const bool has_registries =
      std::any_of(principal.registries.begin(), principal.registries.end(),
                  [&](const auto& registry) { return registry.entity == entity; });
  if (!has_registries && auth::authorize(principal, auth::Action::kDownload, {.entity = entity})) {
    const auto found = services.store.find_entity(entity);
    const std::array wanted = {digest};
    if (found) {
      const auto blobs = services.store.artifacts().find_blobs(found->id, wanted);
      if (blobs && !blobs->empty()) return true;
    }
  }
  if (request.parameter("artifact").empty()) return false;
  const ApiContext context(services, principal, "");
  const auto artifact = readable_artifact(context, request.parameter("artifact"));
  if (!artifact) return false;
  const auto allowed = may_download(context, *artifact);
  return allowed && *allowed &&
         services.store.artifacts().find_entry_by_digest(artifact->id, digest);
}

http::Response get_with_key(const Services& services, const auth::Principal& principal,
                            const http::Request& request) {
  const std::string digest(request.parameter("digest"));
  if (!is_digest(digest) || !may_read_bytes(services, principal, request, digest)) {
    return http::message_response(404, "there is no such file");
  }
  return send_bytes(services, digest, request.parameter("name"));
}

}  // namespace

void add_artifact_routes(http::Router& router, const Services& services) {
  add_preflight(router, services, "/artifact-uploads/{artifact}/{digest}");
  add_preflight(router, services, "/artifact-files/{digest}/{name}");
  http::RouteOptions upload;
  upload.max_body_bytes = kFileBytesMax;
  upload.spool = true;
  upload.admit = [&services](const http::Request& request) -> std::optional<http::Response> {
    auto allowed = check_signature(services, request, "PUT", upload_path(request));
    if (allowed) return std::nullopt;
    return http::error_response(allowed.error());
  };
  router.add(
      http::Method::kPut, "/artifact-uploads/{artifact}/{digest}",
      http::on_pool(services.pool,
                    [&services](http::Request request) { return put_bytes(services, request); }),
      std::move(upload));
  router.add(http::Method::kGet, "/artifact-files/{digest}/{name}",
             http::on_pool(services.pool, [&services](http::Request request) {
               return get_signed(services, request);
             }));
  for (const char* pattern :
       {"/artifactsV2/{region}/{entity}/{project}/{collection}/{artifact}/{digest}/{name...}",
        "/artifacts/{entity}/{digest}"}) {
    router.add(http::Method::kGet, pattern,
               for_principal(services,
                             [&services](const auth::Principal& principal, http::Request request) {
                               return get_with_key(services, principal, request);
                             }));
  }
}

}  // namespace runstone::api
