#include "api/pages.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include "base/encoding.h"
#include "net/server/compress.h"

namespace runstone::api {
namespace {

// Scripts, styles and requests of this server only; who may frame a page is said behind it.
constexpr const char* kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; media-src 'self'; worker-src 'self' blob:; "
    "manifest-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors ";
constexpr std::size_t kPageBytesMax = 64 << 20;

constexpr const char* kNotBuilt =
    "<!doctype html><meta charset=utf-8><title>Runstone</title>"
    "<h1>The pages were not built</h1><p>This server was built without its web pages; its API "
    "works. "
    "Run <code>npm run build</code> in <code>web/</code> and build the server again, or use "
    "<code>make</code>, which does both.</p>";

// What programs ask is never answered with a page.
bool is_program_path(std::string_view path) {
  static constexpr std::array<std::string_view, 6> kPrefixes = {"/api/", "/files/",  "/graphql",
                                                                "/sdk/", "/assets/", "/artifacts"};
  return std::any_of(kPrefixes.begin(), kPrefixes.end(), [&](std::string_view prefix) {
    return path.substr(0, prefix.size()) == prefix;
  });
}

// Notebooks run here, or on the machine of who looks at them.
constexpr const char* kLocalNotebooks =
    "'self' http://localhost:* https://localhost:* http://127.0.0.1:* https://127.0.0.1:*";

// /entity/project/runs/run
bool is_run_page(std::string_view path) {
  const auto runs = path.find("/runs/");
  return runs != std::string_view::npos && std::count(path.begin(), path.end(), '/') == 4 &&
         std::count(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(runs), '/') == 2;
}

bool is_host(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
  });
}

class Pages {
 public:
  Pages(std::span<const EmbeddedFile> files, const std::vector<std::string>& notebook_origins)
      : notebooks_(kLocalNotebooks) {
    for (const auto& origin : notebook_origins) notebooks_.append(" ").append(origin);
    for (const auto& file : files) by_path_.emplace(file.path, file);
  }

  http::Response answer(const http::Request& request) const {
    const auto path = percent_decode(request.path).value_or("/");
    const auto name = std::string_view(path).substr(1);
    const auto found = by_path_.find(name);
    if (found != by_path_.end()) return serve(found->second, request);
    if (is_program_path(path)) {
      return http::message_response(404, "there is nothing at " + request.path);
    }
    const auto index = by_path_.find("index.html");
    if (index != by_path_.end()) return serve(index->second, request);
    return http::text_response(503, kNotBuilt, "text/html; charset=utf-8");
  }

 private:
  std::string framers(const http::Request& request) const {
    const auto* jupyter = request.query("jupyter");
    if (!jupyter || *jupyter != "true" || !is_run_page(request.path)) return "'none'";
    const auto named = request.headers.get("host");
    const auto host = std::string(named.substr(0, named.rfind(':')));
    if (!is_host(host)) return notebooks_;
    return notebooks_ + " http://" + host + ":* https://" + host + ":*";
  }

  http::Response serve(const EmbeddedFile& file, const http::Request& request) const {
    http::Response response;
    // Vite puts a hash of the content into the names under assets/: such a file never changes.
    const bool hashed = file.path.substr(0, 7) == "assets/";
    response.headers.add("Content-Type", std::string(http::content_type_of(file.path)));
    response.headers.add("Cache-Control",
                         hashed ? "public, max-age=31536000, immutable" : "no-cache");
    response.headers.add("ETag", std::string(file.etag));
    response.headers.add("Vary", "Accept-Encoding");
    response.headers.add("Content-Security-Policy", kPagePolicy + framers(request));
    response.headers.add("X-Content-Type-Options", "nosniff");
    response.headers.add("Referrer-Policy", "same-origin");
    if (request.headers.get("accept-encoding").find("gzip") != std::string_view::npos) {
      response.headers.add("Content-Encoding", "gzip");
      response.body = http::StaticBody{file.gzip};
      return response;
    }
    auto plain = http::gunzip(file.gzip, kPageBytesMax);
    if (!plain) return http::error_response(plain.error());
    response.body = std::move(*plain);
    return response;
  }

  std::string notebooks_;
  std::map<std::string_view, EmbeddedFile> by_path_;
};

Task<http::Response> answer_page(std::shared_ptr<const Pages> pages, http::Request request) {
  co_return pages->answer(request);  // from memory: nothing blocks
}

}  // namespace

bool is_frame_origin(std::string_view text) {
  const auto colon = text.find("://");
  if (colon == std::string_view::npos || !is_host(text.substr(0, colon))) return false;
  const auto place = text.substr(colon + 3);
  const auto port = place.find(':');
  if (port == std::string_view::npos) return is_host(place);
  const auto number = place.substr(port + 1);
  return is_host(place.substr(0, port)) &&
         (number == "*" || (!number.empty() && number.size() <= 5 &&
                            number.find_first_not_of("0123456789") == std::string_view::npos));
}

void add_pages(http::Router& router, std::span<const EmbeddedFile> files,
               std::vector<std::string> notebook_origins) {
  // Shared by the handler's copies.
  auto pages = std::make_shared<const Pages>(files, notebook_origins);
  router.set_fallback(
      [pages](http::Request request) { return answer_page(pages, std::move(request)); });
}

}  // namespace runstone::api
