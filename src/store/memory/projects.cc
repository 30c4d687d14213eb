#include <algorithm>

#include "base/try.h"
#include "store/apply_update.h"
#include "store/memory/engine.h"
#include "store/memory/look_up.h"

namespace runstone::store::memory {

Result<Entity> MemoryStore::find_entity(std::string_view name) const {
  const std::scoped_lock lock(mutex_);
  for (const auto& [id, entity] : entities_) {
    if (entity.name == name) return entity;
  }
  return missing("entity");
}

Result<Entity> MemoryStore::get_entity(EntityId id) const {
  const std::scoped_lock lock(mutex_);
  return look_up(entities_, id, "entity");
}

Result<std::vector<Entity>> MemoryStore::list_entities() const {
  const std::scoped_lock lock(mutex_);
  std::vector<Entity> all;
  for (const auto& [id, entity] : entities_) all.push_back(entity);
  return all;
}

Result<Project> MemoryStore::create_project(EntityId entity, std::string_view name,
                                            std::int64_t now_us) {
  const std::scoped_lock lock(mutex_);
  RUNSTONE_TRY(const auto owner, look_up(entities_, entity, "entity"));
  if (find_project_locked(owner.name, name) != nullptr) return taken("project", name);
  Project made;
  made.id = ProjectId{next_id_++};
  made.entity = entity;
  made.entity_name = owner.name;
  made.name = name;
  made.created_at_us = now_us;
  made.last_activity_at_us = now_us;
  projects_[made.id] = made;
  return made;
}

Result<Project> MemoryStore::find_project(std::string_view entity, std::string_view name) const {
  const std::scoped_lock lock(mutex_);
  const Project* const found = find_project_locked(entity, name);
  if (found == nullptr) return missing("project");
  return counted(*found);
}

Result<Project> MemoryStore::get_project(ProjectId id) const {
  const std::scoped_lock lock(mutex_);
  RUNSTONE_TRY(const auto project, look_up(projects_, id, "project"));
  return counted(project);
}

Result<std::vector<Project>> MemoryStore::list_projects(EntityId entity) const {
  const std::scoped_lock lock(mutex_);
  std::vector<Project> all;
  for (const auto& [id, project] : projects_) {
    if (project.entity == entity) all.push_back(counted(project));
  }
  std::sort(all.begin(), all.end(), [](const Project& a, const Project& b) {
    return std::pair(a.last_activity_at_us, a.id) > std::pair(b.last_activity_at_us, b.id);
  });
  return all;
}

Result<void> MemoryStore::set_project_description(ProjectId id, std::string_view text) {
  const std::scoped_lock lock(mutex_);
  const auto found = projects_.find(id);
  if (found == projects_.end()) return missing("project");
  found->second.description = text;
  return {};
}

Result<void> MemoryStore::rename_project(ProjectId id, std::string_view name) {
  const std::scoped_lock lock(mutex_);
  const auto found = projects_.find(id);
  if (found == projects_.end()) return missing("project");
  const Project* const other = find_project_locked(found->second.entity_name, name);
  if (other != nullptr && other->id != id) {
    return fail(ErrorCode::kConflict, "there is a project of that name");
  }
  found->second.name = name;
  return {};
}

Result<void> MemoryStore::delete_project(ProjectId id) {
  const std::scoped_lock lock(mutex_);
  if (!projects_.contains(id)) return missing("project");
  for (const auto& [run, rows] : runs_) {
    if (rows.info.project == id) {
      return fail(ErrorCode::kFailedPrecondition, "the project still has runs");
    }
  }
  projects_.erase(id);
  const auto of_project = [id](const auto& item) { return item.first.first == id; };
  std::erase_if(tables_.registry_members, of_project);
  std::erase_if(tables_.registry_teams, of_project);
  RUNSTONE_TRY(const auto views, views_->list_views({.project = id, .with_spec = false}));
  for (const auto& view : views) RUNSTONE_TRY(views_->delete_view(view.id));
  RUNSTONE_TRY(const auto sweeps, sweeps_->list_sweeps(id, SweepId{}, -1));
  for (const auto& sweep : sweeps) RUNSTONE_TRY(sweeps_->delete_sweep(sweep.id));
  return {};
}

}  // namespace runstone::store::memory
