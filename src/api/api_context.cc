#include "api/api_context.h"

#include <charconv>

#include "base/encoding.h"
#include "base/try.h"

namespace runstone::api {

Result<void> require(const ApiContext& context, auth::Action action, const auth::Resource& place) {
  if (auth::authorize(context.principal, action, place)) return {};
  // A project is named only to those who see it.
  const bool of_project =
      !place.project.empty() && auth::authorize(context.principal, auth::Action::kRead, place);
  return fail(ErrorCode::kPermissionDenied,
              "user " + context.principal.name + " may not " + auth::to_string(action) + " in " +
                  (of_project ? "project " : "entity ") + std::string(place.entity) +
                  (of_project ? "/" + std::string(place.project) : ""));
}

Result<std::optional<store::Project>> find_project(const ApiContext& context,
                                                   std::string_view entity,
                                                   std::string_view project) {
  if (entity.empty()) entity = context.principal.home;
  if (!require(context, auth::Action::kRead, {entity, project})) {
    return std::optional<store::Project>();
  }
  return if_found(context.services.store.find_project(entity, project));
}

Result<store::Project> project_by_id(const ApiContext& context, std::string_view id,
                                     auth::Action action) {
  const auto missing = [&] {
    return fail(ErrorCode::kNotFound, "no project has the id " + std::string(id.substr(0, 80)));
  };
  auto number = parse_id("Project", id);
  if (!number) number = parse_id("ProjectInternalId", id);
  if (!number) return missing();
  RUNSTONE_TRY(auto project,
               if_found(context.services.store.get_project(store::ProjectId{*number})));
  if (!project || !require(context, auth::Action::kRead, place_of(*project))) return missing();
  RUNSTONE_TRY(require(context, action, place_of(*project)));
  return *std::move(project);
}

Result<store::RunInfo> run_by_id(const ApiContext& context, std::string_view id,
                                 auth::Action action) {
  const auto number = parse_id("Run", id);
  const auto unknown = [&] {
    return fail(ErrorCode::kNotFound, "no run has the id " + std::string(id));
  };
  if (!number) return unknown();
  auto run =
      context.services.store.get_run(store::RunId(*number), {.config = false, .summary = false});
  if (!run && run.error().code != ErrorCode::kNotFound) return run;
  // A guessed id must not tell that there is such a run.
  if (!run || !require(context, auth::Action::kRead, place_of(*run))) return unknown();
  RUNSTONE_TRY(require(context, action, place_of(*run)));
  return run;
}

Result<store::RunInfo> run_by_name(const ApiContext& context, std::string_view entity,
                                   std::string_view project, std::string_view run,
                                   auth::Action action) {
  RUNSTONE_TRY(require(context, action, {entity, project}));
  return context.services.store.find_run(entity, project, run, {.config = false, .summary = false});
}

std::string make_id(std::string_view type, std::int64_t number) {
  return to_base64(std::string(type) + ":" + std::to_string(number));
}

std::optional<std::int64_t> parse_id(std::string_view type, std::string_view id) {
  const auto text = from_base64(id);
  if (!text || text->size() <= type.size() + 1) return std::nullopt;
  if (text->compare(0, type.size(), type) != 0 || (*text)[type.size()] != ':') return std::nullopt;
  std::int64_t number = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data() + type.size() + 1, end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

Value text_or_null(std::string_view text) { return text.empty() ? Value() : Value(text); }

Value time_or_null(std::int64_t time_us) {
  return time_us == 0 ? Value() : Value(to_rfc3339(time_us));
}

}  // namespace runstone::api
