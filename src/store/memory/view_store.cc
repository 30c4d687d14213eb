#include "store/view_store.h"

#include <map>
#include <mutex>

#include "base/try.h"
#include "store/memory/subjects.h"

namespace runstone::store::memory {
namespace {

Failure missing() { return fail(ErrorCode::kNotFound, "no such view"); }
Failure taken(const std::string& name) {
  return fail(ErrorCode::kConflict, "view " + name + " exists already");
}

template <typename T>
void replace_if_set(T& field, const std::optional<T>& value) {
  if (value) field = *value;
}

class MemoryViewStore final : public ViewStore {
 public:
  Result<View> create_view(const View& view, std::int64_t views_max) override {
    const std::scoped_lock lock(mutex_);
    std::int64_t count = 0;
    for (const auto& [id, other] : views_) {
      if (other.project != view.project) continue;
      if (other.name == view.name) return taken(view.name);
      ++count;
    }
    if (views_max >= 0 && count >= views_max) {
      return fail(ErrorCode::kFailedPrecondition, "the project has " + std::to_string(views_max) +
                                                      " reports and views already: delete some");
    }
    View made = view;
    made.id = ViewId(next_id_++);
    views_[made.id] = made;
    return made;
  }

  Result<View> update_view(const ViewUpdate& update) override {
    const std::scoped_lock lock(mutex_);
    const auto found = views_.find(update.id);
    if (found == views_.end()) return missing();
    View& view = found->second;
    if (update.name) {
      for (const auto& [id, other] : views_) {
        if (id != view.id && other.project == view.project && other.name == *update.name) {
          return taken(*update.name);
        }
      }
    }
    replace_if_set(view.type, update.type);
    replace_if_set(view.name, update.name);
    replace_if_set(view.display_name, update.display_name);
    replace_if_set(view.description, update.description);
    replace_if_set(view.spec, update.spec);
    view.updated_at_us = update.updated_at_us;
    return view;
  }

  Result<View> get_view(ViewId id) const override {
    const std::scoped_lock lock(mutex_);
    const auto found = views_.find(id);
    if (found == views_.end()) return missing();
    return found->second;
  }

  Result<View> find_view(ProjectId project, std::string_view name) const override {
    const std::scoped_lock lock(mutex_);
    for (const auto& [id, view] : views_) {
      if (view.project == project && view.name == name) return view;
    }
    return missing();
  }

  Result<std::vector<View>> list_views(const ListViews& request) const override {
    const std::scoped_lock lock(mutex_);
    std::vector<View> found;
    for (auto it = views_.rbegin(); it != views_.rend(); ++it) {
      const View& view = it->second;
      if (view.project != request.project) continue;
      if (request.before && view.id >= *request.before) continue;
      if (request.type && view.type != *request.type) continue;
      if (request.name && view.name != *request.name && view.display_name != *request.name) {
        continue;
      }
      if (request.user && view.user != request.user) continue;
      if (request.limit >= 0 && static_cast<std::int64_t>(found.size()) >= request.limit) break;
      found.push_back(view);
      if (!request.with_spec) found.back().spec.clear();
    }
    return found;
  }

  Result<void> delete_view(ViewId id) override {
    const std::scoped_lock lock(mutex_);
    if (views_.erase(id) == 0) return missing();
    return {};
  }

 private:
  mutable std::mutex mutex_;
  std::map<ViewId, View> views_;
  std::int64_t next_id_ = 1;
};

}  // namespace

std::unique_ptr<ViewStore> make_view_store() { return std::make_unique<MemoryViewStore>(); }

}  // namespace runstone::store::memory
