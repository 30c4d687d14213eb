#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/server/http.h"

namespace runstone::http {

inline constexpr std::uint64_t kDefaultMaxBodyBytes = 1 << 20;

struct RouteOptions {
  /// A longer body is answered 413 and never held.
  std::uint64_t max_body_bytes = kDefaultMaxBodyBytes;
  /// The body goes to a file in the server's spool folder, not to memory.
  bool spool = false;
  /// Looks at the request before its body is read, on the event loop's thread (it must not block);
  /// a Response refuses it, so that nobody without a right can fill memory or disk.
  std::function<std::optional<Response>(const Request&)> admit;
};

struct Route {
  Method method;
  std::vector<std::string> segments;  ///< of the pattern
  RouteOptions options;
  Handler handler;
};

/// Patterns are paths whose segments may be `{name}` (one non-empty segment) and, last, `{name...}`
/// (the rest, one segment or more, its parts decoded one by one and joined by '/'). A fixed segment
/// goes before `{name}`, that before `{name...}`, from left to right; the order of adding does not
/// matter.
class Router {
 public:
  void add(Method method, std::string_view pattern, Handler handler, RouteOptions options = {});
  /// Answers what no route takes (GET and HEAD only); without it such requests are 404.
  void set_fallback(Handler handler) { fallback_ = std::move(handler); }

  struct Match {
    const Route* route = nullptr;  ///< null: no such path, or no such method there
    bool path_exists = false;      ///< then 405 with `allow`, else 404
    std::string allow;
    std::vector<std::pair<std::string, std::string>> parameters;
  };
  /// HEAD is taken by the GET route. `path` is percent-encoded; a bad escape matches nothing.
  Match match(Method method, std::string_view path) const;
  const Handler& fallback() const { return fallback_; }

 private:
  std::vector<Route> routes_;
  Handler fallback_;
};

}  // namespace runstone::http
