#include <string>
#include <utility>

#include "api/identify.h"
#include "api/routes.h"
#include "base/encoding.h"
#include "base/json.h"

// How a browser comes in: by a one-use link or a password, then with a cookie.
namespace runstone::api {
namespace {

std::string cookie_of(std::string_view session, std::int64_t max_age_secs, bool secure) {
  return "runstone_session=" + std::string(session) +
         "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(max_age_secs) +
         (secure ? "; Secure" : "");
}

bool is_https(const http::Request& request) { return request.base_url().substr(0, 6) == "https:"; }

constexpr std::uint64_t kSigninBodyBytesMax = 16 << 10;

constexpr const char* kRefused =
    "<!doctype html><meta charset=utf-8><title>Runstone: sign in</title>"
    "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 "
    "1rem;"
    "color-scheme:light dark}code{font-size:.95em}</style>"
    "<h1>This sign-in link does not work any more</h1>"
    "<p>A link works once, for an hour. On the machine where the server runs, "
    "<code>runstone signin</code> prints another.</p>";

// A redirect belongs to the page that held the link, and strict cookies are not sent with what
// another site's page started (a notebook in the browser): there a page moves on, as a request of
// its own.
constexpr const char* kWelcome =
    "<!doctype html><meta charset=utf-8><title>Runstone</title>"
    "<meta http-equiv=refresh content=\"0;url=/\"><p><a href=\"/\">Go on to Runstone</a></p>";

http::Response html(int status, const char* text) {
  return http::text_response(status, text, "text/html; charset=utf-8")
      .with("Cache-Control", "no-store")
      .with("Referrer-Policy", "no-referrer")
      .with("Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
}

http::Response to_the_pages() {
  return http::redirect_response(303, "/").with("Cache-Control", "no-store");
}

// Without a link it is just an address that people remember: the pages ask for a password.
http::Response get_signin(const Services& services, const http::Request& request) {
  const auto* token = request.query("token");
  if (!token) return to_the_pages();
  const auto session = services.auth.sign_in(*token);
  if (!session) {
    return session.error().code == ErrorCode::kUnauthenticated ? html(403, kRefused)
                                                               : failure_response(session.error());
  }
  const auto started_by = request.headers.get("sec-fetch-site", "none");
  const bool by_other_site = started_by != "none" && started_by != "same-origin";
  auto response = by_other_site ? html(200, kWelcome) : to_the_pages();
  response.headers.add(
      "Set-Cookie", cookie_of(*session, auth::kSessionLifetimeUs / 1'000'000, is_https(request)));
  return response;
}

http::Response bad_signin(std::string_view why) {
  return http::message_response(400, "POST /api/signin: " + std::string(why));
}

// {"name": ..., "password": ...} opens a session. Only our page may ask: another site could
// otherwise sign a visitor in as somebody else.
http::Response post_signin(const Services& services, const http::Request& request) {
  if (request.headers.get("x-runstone-request") != "1") {
    return http::message_response(403,
                                  "POST /api/signin must carry the header X-Runstone-Request: 1");
  }
  const auto body = json::parse(request.body);
  if (!body) return bad_signin(body.error().message);
  const auto* name = body->get("name");
  const auto* password = body->get("password");
  if (!name || !name->is_string() || !password || !password->is_string()) {
    return bad_signin("it needs \"name\" and \"password\"");
  }
  const auth::PasswordAttempt attempt{*name->if_string(), *password->if_string(), request.peer};
  const auto session = services.auth.sign_in_with_password(attempt);
  if (!session) {
    // Not the body of unauthenticated_response(): this message is for the form.
    auto response = http::error_response(session.error());
    if (response.status == 429) {
      response.headers.set("Retry-After", std::to_string(services.auth.wait_secs(attempt)));
    }
    response.headers.set("Cache-Control", "no-store");
    return response;
  }
  return http::json_response(200, Dict{})
      .with("Cache-Control", "no-store")
      .with("Set-Cookie",
            cookie_of(*session, auth::kSessionLifetimeUs / 1'000'000, is_https(request)));
}

http::Response post_signin_link(const Services& services, const auth::Principal& principal,
                                const http::Request& request) {
  const auto token = services.auth.create_signin_token(principal.user);
  if (!token) return failure_response(token.error());
  return http::json_response(
      200, Dict{{"url", request.base_url() + "/signin?token=" + percent_encode(*token)}});
}

http::Response post_signout(const Services& services, const http::Request& request) {
  if (const auto session = request.cookie("runstone_session")) {
    if (auto done = services.auth.sign_out(*session); !done) return failure_response(done.error());
  }
  return http::json_response(200, Dict{}).with("Set-Cookie", cookie_of("", 0, is_https(request)));
}

}  // namespace

void add_signin_routes(http::Router& router, const Services& services) {
  router.add(
      http::Method::kPost, "/api/signin",
      http::on_pool(services.pool,
                    [&services](http::Request request) { return post_signin(services, request); }),
      {.max_body_bytes = kSigninBodyBytesMax});
  http::Handler signin = http::on_pool(
      services.pool, [&services](http::Request request) { return get_signin(services, request); });
  // HEAD is taken by GET: a link preview must not use the token up, so only GET signs in.
  router.add(http::Method::kGet, "/signin", [signin](http::Request request) {
    if (request.method == http::Method::kHead) request.query_items.clear();
    return signin(std::move(request));
  });
  router.add(
      http::Method::kPost, "/api/signin_links",
      for_principal(services, [&services](const auth::Principal& principal, http::Request request) {
        return post_signin_link(services, principal, request);
      }));
  router.add(http::Method::kPost, "/api/signout",
             for_principal(services, [&services](const auth::Principal&, http::Request request) {
               return post_signout(services, request);
             }));
}

}  // namespace runstone::api
