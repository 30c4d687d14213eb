#include "store/memory/memory_store.h"

#include <algorithm>

#include "base/try.h"
#include "store/apply_update.h"
#include "store/memory/engine.h"
#include "store/memory/look_up.h"

namespace runstone::store::memory {

Result<void> MemoryStore::add_session(Sessions& sessions, const Session& session,
                                      const char* what) {
  const std::scoped_lock lock(mutex_);
  if (!users_.contains(session.user)) return missing("user");
  if (!sessions.emplace(session.hash, session).second) return taken(what, "of that hash");
  return {};
}

const Project* MemoryStore::find_project_locked(std::string_view entity,
                                                std::string_view name) const {
  for (const auto& [id, project] : projects_) {
    if (project.entity_name == entity && project.name == name) return &project;
  }
  return nullptr;
}

Project MemoryStore::counted(Project project) const {
  for (const auto& [id, rows] : runs_) {
    if (rows.info.project != project.id) continue;
    ++project.run_count;
    project.last_activity_at_us = std::max(project.last_activity_at_us, rows.info.heartbeat_at_us);
  }
  return project;
}

Result<const RunRows*> MemoryStore::rows_of(RunId id) const {
  const auto found = runs_.find(id);
  if (found == runs_.end()) return missing("run");
  return &found->second;
}

RunRows* MemoryStore::if_rows(RunId id) {
  const auto found = runs_.find(id);
  return found == runs_.end() ? nullptr : &found->second;
}

std::vector<PartInfo> MemoryStore::parts_locked(RunId run, Stream stream) const {
  std::vector<PartInfo> found;
  const RunRows* const rows = if_rows(run);
  if (rows == nullptr) return found;
  for (const auto& [id, part] : rows->parts) {
    if (part.info.stream == stream) found.push_back(part.info);
  }
  std::sort(found.begin(), found.end(), [](const PartInfo& a, const PartInfo& b) {
    return std::pair(a.first_line, a.id) < std::pair(b.first_line, b.id);
  });
  return found;
}

Result<const Part*> MemoryStore::find_part(PartId id) const {
  for (const auto& [run, rows] : runs_) {
    if (const auto found = rows.parts.find(id); found != rows.parts.end()) return &found->second;
  }
  return missing("part");
}

std::unique_ptr<Store> make_store() { return std::make_unique<MemoryStore>(); }

}  // namespace runstone::store::memory
