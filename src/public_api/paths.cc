#include "public_api/paths.h"

#include "base/encoding.h"
#include "base/try.h"

namespace runstone::public_api {
namespace {

std::string_view trimmed(std::string_view text, std::string_view which) {
  const auto first = text.find_first_not_of(which);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(which) - first + 1);
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto at = text.find(separator);
    parts.emplace_back(trimmed(text.substr(0, at), " "));
    text = at == text.npos ? std::string_view() : text.substr(at + 1);
  }
  return parts;
}

// What stands after "https://host/" of a page's address, decoded; other text as it is.
std::vector<std::string> parts_of(std::string_view path) {
  path = trimmed(path, "/ ");
  const auto scheme = path.find("://");
  const bool is_address = scheme != path.npos;
  if (is_address) {
    const auto slash = path.find('/', scheme + 3);
    path = slash == path.npos ? std::string_view() : path.substr(slash + 1);
    path = trimmed(path.substr(0, path.find_first_of("?#")), "/");
  }
  auto parts = split(path, '/');
  if (is_address) {
    for (auto& part : parts) part = percent_decode(part).value_or(part);
  }
  return parts;
}

Failure wrong_path(std::string_view path, const std::string& what) {
  return fail(ErrorCode::kInvalidArgument, "Invalid path '" + std::string(path) + "': " + what);
}

Result<void> complete(std::string& entity, std::string& project, Session& session,
                      std::string_view path) {
  if (project.empty()) project = session.options().project;
  if (entity.empty()) {
    RUNSTONE_TRY(entity, session.default_entity());
  }
  if (entity.empty()) {
    return wrong_path(path,
                      "missing entity; write it as entity/project/..., or set "
                      "overrides={\"entity\": ...} or RUNSTONE_ENTITY");
  }
  if (project.empty()) {
    return wrong_path(path,
                      "missing project; write it as entity/project/..., or set "
                      "overrides={\"project\": ...} or RUNSTONE_PROJECT");
  }
  return {};
}

}  // namespace

Result<RunPath> parse_run_path(std::string_view path, Session& session) {
  auto parts = parts_of(path);
  if (parts.size() == 4 && (parts[2] == "runs" || parts[2] == "sweeps")) {
    parts.erase(parts.begin() + 2);
  }
  // "project:id", with or without an entity before it; an id itself has no colon.
  if (!parts.empty() && parts.size() < 3) {
    const auto colon = parts.back().find(':');
    if (colon != std::string::npos) {
      const std::string id = parts.back().substr(colon + 1);
      parts.back().resize(colon);
      parts.push_back(id);
    }
  }
  if (parts.empty() || parts.size() > 3) {
    return wrong_path(path, "it looks like entity/project/id");
  }
  RunPath found;
  found.id = parts.back();
  if (parts.size() >= 2) found.project = parts[parts.size() - 2];
  if (parts.size() == 3) found.entity = parts[0];
  RUNSTONE_TRY(complete(found.entity, found.project, session, path));
  if (found.id.empty()) return wrong_path(path, "it looks like entity/project/id");
  return found;
}

Result<ProjectPath> parse_project_path(std::string_view path, Session& session) {
  const auto parts = parts_of(path);
  if (parts.size() > 2) return wrong_path(path, "it looks like entity/project");
  ProjectPath found;
  if (!parts.empty()) found.project = parts.back();
  if (parts.size() == 2) found.entity = parts.front();
  RUNSTONE_TRY(complete(found.entity, found.project, session, path));
  return found;
}

std::string page_url(const Session& session, const std::vector<std::string>& parts) {
  std::string url = session.app_url();
  for (const auto& part : parts) url += "/" + percent_encode(part);
  return url;
}

}  // namespace runstone::public_api
