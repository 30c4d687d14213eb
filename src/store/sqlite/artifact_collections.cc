#include "base/try.h"
#include "store/sqlite/artifact_engine.h"

// Types and collections.
namespace runstone::store::sqlite {
namespace {

#define RUNSTONE_COLLECTION                                                                     \
  "SELECT c.id,c.project_id,c.type_id,c.kind,c.name,c.description,e.name,p.name,t.name,"        \
  "c.next_version,c.ttl_secs,c.created_at_us,c.updated_at_us FROM artifact_collections c JOIN " \
  "artifact_types t ON t.id=c.type_id JOIN projects p ON p.id=c.project_id JOIN entities e ON " \
  "e.id=p.entity_id "
#define RUNSTONE_TYPE "SELECT id,project_id,name,description,created_at_us FROM artifact_types "

ArtifactType read_type(const Query& row) {
  return {row.id<ArtifactTypeId>(0), row.id<ProjectId>(1), row.text(2), row.text(3), row.number(4)};
}

Collection read_collection(const Query& row) {
  Collection c;
  c.id = row.id<CollectionId>(0);
  c.project = row.id<ProjectId>(1);
  c.type = row.id<ArtifactTypeId>(2);
  c.kind = static_cast<CollectionKind>(row.number(3));
  c.name = row.text(4);
  c.description = row.text(5);
  c.entity_name = row.text(6);
  c.project_name = row.text(7);
  c.type_name = row.text(8);
  c.next_version = row.number(9);
  c.ttl_secs = row.optional_number(10);
  c.created_at_us = row.number(11);
  c.updated_at_us = row.number(12);
  return c;
}

}  // namespace

Result<ArtifactType> SqliteArtifactStore::ensure_type(ProjectId project, std::string_view name,
                                                      std::int64_t now_us) {
  if (auto found = find_type(project, name); found || found.error().code != ErrorCode::kNotFound) {
    return found;
  }
  {
    const std::scoped_lock lock(db_.writer_mutex);
    RUNSTONE_TRY(Query(*db_.writer,
                       "INSERT OR IGNORE INTO artifact_types (project_id,name,created_at_us) "
                       "VALUES (?,?,?)",
                       project, name, now_us)
                     .run());
  }
  return find_type(project, name);
}

Result<ArtifactType> SqliteArtifactStore::find_type(ProjectId project,
                                                    std::string_view name) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, RUNSTONE_TYPE "WHERE project_id=? AND name=?", project, name);
  return read_one(query, "artifact type", read_type);
}

Result<std::vector<ArtifactType>> SqliteArtifactStore::list_types(
    std::span<const ProjectId> projects) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  const auto ids = id_list(projects);
  Query query(*reader,
              RUNSTONE_TYPE
              "WHERE project_id IN (SELECT value FROM json_each(?)) ORDER BY project_id,name",
              ids);
  return read_all(query, read_type);
}

Result<void> SqliteArtifactStore::delete_type(ArtifactTypeId type) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(auto transaction, Transaction::begin(*db_.writer));
  {
    Query used(*db_.writer, "SELECT 1 FROM artifact_collections WHERE type_id=? LIMIT 1", type);
    RUNSTONE_TRY(const bool in_use, used.next());
    if (in_use) return fail(ErrorCode::kFailedPrecondition, "the artifact type is in use");
  }
  RUNSTONE_TRY(Query(*db_.writer, "DELETE FROM artifact_types WHERE id=?", type).run());
  return transaction.commit();
}

Result<Collection> SqliteArtifactStore::create_collection(const NewCollection& made) {
  CollectionId id{};
  {
    const std::scoped_lock lock(db_.writer_mutex);
    auto done = Query(*db_.writer,
                      "INSERT INTO artifact_collections (project_id,type_id,kind,name,description,"
                      "created_at_us,updated_at_us) VALUES (?,?,?,?,?,?,?)",
                      made.project, made.type, made.kind, made.name, made.description, made.now_us,
                      made.now_us)
                    .run();
    if (!done && done.error().code == ErrorCode::kConflict) {
      return taken("artifact collection", made.name);
    }
    RUNSTONE_TRY(std::move(done));
    id = CollectionId{db_.writer->last_insert_id()};
  }
  return get_collection(id);
}

Result<Collection> SqliteArtifactStore::find_collection(ProjectId project,
                                                        std::string_view name) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, RUNSTONE_COLLECTION "WHERE c.project_id=? AND c.name=?", project, name);
  return read_one(query, "artifact collection", read_collection);
}

Result<std::vector<Collection>> SqliteArtifactStore::get_collections(
    std::span<const CollectionId> ids) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  const auto list = id_list(ids);
  Query query(*reader, RUNSTONE_COLLECTION "JOIN json_each(?) j ON j.value=c.id ORDER BY j.key",
              list);
  return read_all(query, read_collection);
}

Result<std::vector<Collection>> SqliteArtifactStore::list_collections(
    const ListCollections& request) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  const auto projects = id_list(std::span<const ProjectId>(request.projects));
#define RUNSTONE_COLLECTION_FILTER                                              \
  "WHERE c.project_id IN (SELECT value FROM json_each(?1)) AND (?2 IS NULL OR " \
  "c.type_id=?2) AND (?3 IS NULL OR c.kind=?3) "
  if (request.descending) {
    Query query(*reader,
                RUNSTONE_COLLECTION RUNSTONE_COLLECTION_FILTER
                "AND (?4 IS NULL OR c.id<?4) ORDER BY c.id DESC LIMIT ?5",
                projects, request.type, request.kind, request.after, request.limit);
    return read_all(query, read_collection);
  }
  Query query(*reader,
              RUNSTONE_COLLECTION RUNSTONE_COLLECTION_FILTER
              "AND (?4 IS NULL OR c.id>?4) ORDER BY c.id LIMIT ?5",
              projects, request.type, request.kind, request.after, request.limit);
  return read_all(query, read_collection);
}

Result<std::int64_t> SqliteArtifactStore::count_collections(const ListCollections& request) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  const auto projects = id_list(std::span<const ProjectId>(request.projects));
  Query query(*reader, "SELECT count(*) FROM artifact_collections c " RUNSTONE_COLLECTION_FILTER,
              projects, request.type, request.kind);
  return read_one(query, "count", [](const Query& row) { return row.number(0); });
}

Result<void> SqliteArtifactStore::update_collection(const CollectionUpdate& update) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(auto transaction, Transaction::begin(*db_.writer));
  const bool with_ttl = update.ttl_secs.has_value();
  const auto ttl = update.ttl_secs.value_or(std::nullopt);
  auto done = Query(*db_.writer,
                    "UPDATE artifact_collections SET name=coalesce(?,name),description=coalesce(?,"
                    "description),type_id=coalesce(?,type_id),ttl_secs=CASE WHEN ? THEN ? ELSE "
                    "ttl_secs END,updated_at_us=? WHERE id=?",
                    update.name, update.description, update.type, with_ttl, ttl, update.now_us,
                    update.collection)
                  .run();
  if (!done && done.error().code == ErrorCode::kConflict) {
    return taken("artifact collection", update.name.value_or(""));
  }
  RUNSTONE_TRY(std::move(done));
  if (db_.writer->changed_rows() == 0) return missing("artifact collection");
  for (const auto& tag : update.add_tags) {
    RUNSTONE_TRY(Query(*db_.writer,
                       "INSERT OR IGNORE INTO artifact_collection_tags (collection_id,tag) VALUES "
                       "(?,?)",
                       update.collection, tag)
                     .run());
  }
  for (const auto& tag : update.remove_tags) {
    RUNSTONE_TRY(Query(*db_.writer,
                       "DELETE FROM artifact_collection_tags WHERE collection_id=? AND tag=?",
                       update.collection, tag)
                     .run());
  }
  return transaction.commit();
}

Result<void> SqliteArtifactStore::delete_collection(CollectionId id) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(auto transaction, Transaction::begin(*db_.writer));
  {
    std::vector<ArtifactId> versions;
    Query query(*db_.writer, "SELECT id FROM artifacts WHERE sequence_id=? AND state<>2", id);
    for (;;) {
      RUNSTONE_TRY(const bool found, query.next());
      if (!found) break;
      versions.push_back(ArtifactId{query.number(0)});
    }
    for (const auto version : versions) RUNSTONE_TRY(remove_contents(*db_.writer, version));
  }
  for (const char* sql : {"DELETE FROM artifact_aliases WHERE collection_id=?",
                          "DELETE FROM artifact_members WHERE collection_id=?",
                          "DELETE FROM artifact_collection_tags WHERE collection_id=?",
                          "DELETE FROM artifact_sequence_client_ids WHERE collection_id=?",
                          "DELETE FROM artifacts WHERE sequence_id=?"}) {
    RUNSTONE_TRY(Query(*db_.writer, sql, id).run());
  }
  RUNSTONE_TRY(Query(*db_.writer, "DELETE FROM artifact_collections WHERE id=?", id).run());
  if (db_.writer->changed_rows() == 0) return missing("artifact collection");
  return transaction.commit();
}

Result<std::vector<std::pair<CollectionId, std::string>>> SqliteArtifactStore::collection_tags(
    std::span<const CollectionId> ids) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  const auto list = id_list(ids);
  Query query(*reader,
              "SELECT collection_id,tag FROM artifact_collection_tags WHERE collection_id IN "
              "(SELECT value FROM json_each(?)) ORDER BY collection_id,tag",
              list);
  return read_all(query,
                  [](const Query& row) { return std::pair(row.id<CollectionId>(0), row.text(1)); });
}

}  // namespace runstone::store::sqlite
