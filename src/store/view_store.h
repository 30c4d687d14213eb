#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"
#include "store/ids.h"

namespace runstone::store {

enum class ViewId : std::int64_t {};

/// A document that a page or a client keeps in a project: a report, a workspace.
struct View {
  ViewId id{};
  ProjectId project{};
  std::optional<UserId> user;  ///< who made it
  std::string type;            ///< "runs": a report; "runs/draft"; "project-view": a workspace
  std::string name;            ///< unique in the project
  std::string display_name, description;
  std::string spec;  ///< JSON text, never looked into
  std::int64_t created_at_us = 0, updated_at_us = 0;
};

/// What is set replaces, what is not stays.
struct ViewUpdate {
  ViewId id{};
  std::optional<std::string> type, name, display_name, description, spec;
  std::int64_t updated_at_us = 0;
};

struct ListViews {
  ProjectId project{};
  std::optional<std::string> type;
  std::optional<std::string> name;  ///< or display name
  std::optional<UserId> user;
  std::optional<ViewId> before;  ///< only those made earlier
  std::int64_t limit = -1;
  bool with_spec = true;  ///< false leaves `spec` empty: it may be large
};

/// SQL of documents of workspaces and reports. Rules are as for Store: calls block, any thread may
/// make them, each write is one transaction, durable on return.
class ViewStore {
 public:
  virtual ~ViewStore() = default;

  /// Gives the id. Errors: kConflict if the project has one of that name, kFailedPrecondition if it
  /// has `views_max` already.
  virtual Result<View> create_view(const View& view, std::int64_t views_max) = 0;
  virtual Result<View> update_view(const ViewUpdate& update) = 0;  ///< gives all of it
  virtual Result<View> get_view(ViewId id) const = 0;
  virtual Result<View> find_view(ProjectId project, std::string_view name) const = 0;
  /// Newest first. One statement.
  virtual Result<std::vector<View>> list_views(const ListViews& request) const = 0;
  virtual Result<void> delete_view(ViewId id) = 0;
};

}  // namespace runstone::store
