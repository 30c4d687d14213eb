#include "net/server/router.h"

#include <utility>

#include "base/assert.h"
#include "base/encoding.h"

namespace runstone::http {
namespace {

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> segments;
  if (!path.empty() && path.front() == '/') path.remove_prefix(1);
  for (;;) {
    const auto slash = path.find('/');
    segments.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool is_name(std::string_view segment) { return segment.size() > 2 && segment.front() == '{'; }
bool is_rest(std::string_view segment) { return is_name(segment) && segment.ends_with("...}"); }

using Parameters = std::vector<std::pair<std::string, std::string>>;

// The rest of a path, each part decoded by itself; empty parts and dots would name other files.
std::optional<std::string> join_rest(const std::vector<std::string>& parts, std::size_t first) {
  std::string joined;
  for (std::size_t i = first; i < parts.size(); ++i) {
    const auto part = percent_decode(parts[i]);
    if (!part || part->empty() || *part == "." || *part == "..") return std::nullopt;
    if (i > first) joined.push_back('/');
    joined.append(*part);
  }
  return joined;
}

std::optional<Parameters> take(const Route& route, const std::vector<std::string>& parts) {
  Parameters parameters;
  const auto& segments = route.segments;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (i >= parts.size()) return std::nullopt;
    const std::string_view segment = segments[i];
    if (is_rest(segment)) {
      auto rest = join_rest(parts, i);
      if (!rest) return std::nullopt;
      parameters.emplace_back(segment.substr(1, segment.size() - 5), std::move(*rest));
      return parameters;
    }
    auto part = percent_decode(parts[i]);
    if (!part) return std::nullopt;
    if (is_name(segment)) {
      if (part->empty()) return std::nullopt;
      parameters.emplace_back(segment.substr(1, segment.size() - 2), std::move(*part));
    } else if (*part != segment) {
      return std::nullopt;
    }
  }
  if (parts.size() != segments.size()) return std::nullopt;
  return parameters;
}

// Fixed before {name} before {name...}, compared from left to right.
bool more_specific(const Route& a, const Route& b) {
  const auto rank = [](std::string_view segment) {
    return is_rest(segment) ? 2 : is_name(segment) ? 1 : 0;
  };
  const auto shared = std::min(a.segments.size(), b.segments.size());
  for (std::size_t i = 0; i < shared; ++i) {
    const int left = rank(a.segments[i]), right = rank(b.segments[i]);
    if (left != right) return left < right;
  }
  return a.segments.size() > b.segments.size();
}

}  // namespace

void Router::add(Method method, std::string_view pattern, Handler handler, RouteOptions options) {
  Route route{method, split_path(pattern), std::move(options), std::move(handler)};
  for (std::size_t i = 0; i + 1 < route.segments.size(); ++i) {
    RUNSTONE_ASSERT(!is_rest(route.segments[i]));
  }
  routes_.push_back(std::move(route));
}

Router::Match Router::match(Method method, std::string_view path) const {
  Match best;
  const auto parts = split_path(path);
  const auto wanted = method == Method::kHead ? Method::kGet : method;
  for (const auto& route : routes_) {
    if (best.route && !more_specific(route, *best.route)) continue;
    auto parameters = take(route, parts);
    if (!parameters) continue;
    best.path_exists = true;
    if (route.method != wanted) {
      const std::string name = to_string(route.method);
      if (best.allow.find(name) == std::string::npos) {
        best.allow.append(best.allow.empty() ? "" : ", ").append(name);
      }
      continue;
    }
    best.route = &route;
    best.parameters = std::move(*parameters);
  }
  return best;
}

}  // namespace runstone::http
