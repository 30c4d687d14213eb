#include "base/try.h"
#include "store/sqlite/account_rows.h"
#include "store/sqlite/engine.h"

namespace runstone::store::sqlite {
namespace {

// The newest heartbeat comes from the end of an index, the count from its length.
#define RUNSTONE_PROJECT_COLUMNS                                                    \
  "SELECT p.id,p.entity_id,e.name,p.name,p.description,p.created_at_us,"            \
  "(SELECT count(*) FROM runs r WHERE r.project_id=p.id),"                          \
  "max(p.created_at_us,coalesce((SELECT max(heartbeat_at_us) FROM runs r WHERE "    \
  "r.project_id=p.id),"                                                             \
  "0)) AS activity,p.restricted,p.listed_types FROM projects p JOIN entities e ON " \
  "e.id=p.entity_id "

Project read_project(const Query& row) {
  return {row.id<ProjectId>(0), row.id<EntityId>(1), row.text(2),   row.text(3),
          row.text(4),          row.number(5),       row.number(6), row.number(7),
          row.number(8) != 0,   row.number(9) != 0};
}

}  // namespace

Result<Entity> SqliteStore::find_entity(std::string_view name) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, RUNSTONE_ENTITY_COLUMNS "FROM entities e WHERE e.name=?", name);
  return read_one(query, "entity", [](const Query& row) { return read_entity(row, 0); });
}

Result<Entity> SqliteStore::get_entity(EntityId id) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, RUNSTONE_ENTITY_COLUMNS "FROM entities e WHERE e.id=?", id);
  return read_one(query, "entity", [](const Query& row) { return read_entity(row, 0); });
}

Result<std::vector<Entity>> SqliteStore::list_entities() const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, RUNSTONE_ENTITY_COLUMNS "FROM entities e ORDER BY e.id");
  return read_all(query, [](const Query& row) { return read_entity(row, 0); });
}

Result<Project> SqliteStore::create_project(EntityId entity, std::string_view name,
                                            std::int64_t now_us) {
  RUNSTONE_TRY(const Entity owner, get_entity(entity));
  const std::scoped_lock lock(db_.writer_mutex);
  auto done =
      Query(*db_.writer, "INSERT INTO projects (entity_id,name,created_at_us) VALUES (?,?,?)",
            entity, name, now_us)
          .run();
  if (!done && done.error().code == ErrorCode::kConflict) return taken("project", name);
  RUNSTONE_TRY(std::move(done));
  Project made;
  made.id = ProjectId{db_.writer->last_insert_id()};
  made.entity = entity;
  made.entity_name = owner.name;
  made.name = name;
  made.created_at_us = made.last_activity_at_us = now_us;
  return made;
}

Result<Project> SqliteStore::find_project(std::string_view entity, std::string_view name) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, RUNSTONE_PROJECT_COLUMNS "WHERE e.name=? AND p.name=?", entity, name);
  return read_one(query, "project", read_project);
}

Result<Project> SqliteStore::get_project(ProjectId id) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, RUNSTONE_PROJECT_COLUMNS "WHERE p.id=?", id);
  return read_one(query, "project", read_project);
}

Result<std::vector<Project>> SqliteStore::list_projects(EntityId entity) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              RUNSTONE_PROJECT_COLUMNS "WHERE p.entity_id=? ORDER BY activity DESC, p.id DESC",
              entity);
  return read_all(query, read_project);
}

Result<void> SqliteStore::set_project_description(ProjectId id, std::string_view text) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(Query(*db_.writer, "UPDATE projects SET description=? WHERE id=?", text, id).run());
  if (db_.writer->changed_rows() == 0) return missing("project");
  return {};
}

Result<void> SqliteStore::rename_project(ProjectId id, std::string_view name) {
  const std::scoped_lock lock(db_.writer_mutex);
  Query other(*db_.writer,
              "SELECT 1 FROM projects WHERE name=?1 AND id<>?2 AND entity_id="
              "(SELECT entity_id FROM projects WHERE id=?2)",
              name, id);
  RUNSTONE_TRY(const bool taken, other.next());
  if (taken) return fail(ErrorCode::kConflict, "there is a project of that name");
  RUNSTONE_TRY(Query(*db_.writer, "UPDATE projects SET name=? WHERE id=?", name, id).run());
  if (db_.writer->changed_rows() == 0) return missing("project");
  return {};
}

Result<void> SqliteStore::delete_project(ProjectId id) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(auto transaction, Transaction::begin(*db_.writer));
  {
    Query query(*db_.writer, "SELECT 1 FROM runs WHERE project_id=? LIMIT 1", id);
    RUNSTONE_TRY(const bool has_runs, query.next());
    if (has_runs) return fail(ErrorCode::kFailedPrecondition, "the project still has runs");
  }
  RUNSTONE_TRY(Query(*db_.writer, "DELETE FROM artifact_types WHERE project_id=?", id).run());
  RUNSTONE_TRY(Query(*db_.writer, "DELETE FROM deleted_names WHERE project_id=?", id).run());
  RUNSTONE_TRY(Query(*db_.writer, "DELETE FROM registry_members WHERE project_id=?", id).run());
  RUNSTONE_TRY(Query(*db_.writer, "DELETE FROM registry_teams WHERE project_id=?", id).run());
  RUNSTONE_TRY(Query(*db_.writer, "DELETE FROM projects WHERE id=?", id).run());
  if (db_.writer->changed_rows() == 0) return missing("project");
  return transaction.commit();
}

}  // namespace runstone::store::sqlite
