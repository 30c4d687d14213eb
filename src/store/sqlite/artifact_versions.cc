#include <algorithm>

#include "base/try.h"
#include "store/sqlite/artifact_engine.h"

// Versions: made, committed, changed, deleted; the ids that clients gave them; who made and used
// them.
namespace runstone::store::sqlite {
namespace {

#define RUNSTONE_ARTIFACT \
  "SELECT " RUNSTONE_ARTIFACT_FIELDS "FROM artifacts a " RUNSTONE_ARTIFACT_JOINS

Artifact first_columns(const Query& row) { return read_artifact(row, 0); }

Result<ArtifactState> state_of(Connection& connection, ArtifactId id) {
  Query query(connection, "SELECT state FROM artifacts WHERE id=?", id);
  return read_one(query, "artifact",
                  [](const Query& row) { return static_cast<ArtifactState>(row.number(0)); });
}

// What a version referred to may have lost its last reference now.
Result<void> free_bytes_of(Connection& connection, ArtifactId id) {
  for (const char* sql :
       {"INSERT OR IGNORE INTO artifact_free_blobs SELECT DISTINCT digest FROM artifact_entries "
        "WHERE artifact_id=? AND ref=''",
        "INSERT OR IGNORE INTO artifact_free_blobs SELECT digest FROM artifact_reservations WHERE "
        "artifact_id=?",
        "INSERT OR IGNORE INTO artifact_free_blobs SELECT digest FROM artifact_manifests WHERE "
        "artifact_id=? AND digest<>''",
        "INSERT OR IGNORE INTO artifact_free_blobs SELECT manifest_digest FROM artifacts WHERE "
        "id=? AND manifest_digest<>''"}) {
    RUNSTONE_TRY(Query(connection, sql, id).run());
  }
  return {};
}

}  // namespace

Result<Artifact> SqliteArtifactStore::create_artifact(const Artifact& a) {
  ArtifactId id{};
  {
    const std::scoped_lock lock(db_.writer_mutex);
    const auto aliases = text_list(a.pending_aliases);
    RUNSTONE_TRY(
        Query(*db_.writer,
              "INSERT INTO artifacts (sequence_id,state,digest,digest_algorithm,description,"
              "metadata_json,size_bytes,file_count,ttl_secs,history_step,commit_hash,run_id,"
              "user_id,distributed_id,base_id,deduplicate,manifest_digest,pending_aliases,"
              "created_at_us,updated_at_us) VALUES (?,0,?,?,?,?,0,0,?,?,'',?,?,?,?,?,'',?,?,?)",
              a.sequence, a.digest, a.digest_algorithm, a.description, a.metadata_json, a.ttl_secs,
              a.history_step, a.created_by, a.user, a.distributed_id, a.base, a.deduplicate,
              aliases, a.created_at_us, a.updated_at_us)
            .run());
    id = ArtifactId{db_.writer->last_insert_id()};
  }
  return get_artifact(id);
}

Result<std::vector<Artifact>> SqliteArtifactStore::get_artifacts(
    std::span<const ArtifactId> ids) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  const auto list = id_list(ids);
  Query query(*reader, RUNSTONE_ARTIFACT "JOIN json_each(?) j ON j.value=a.id ORDER BY j.key",
              list);
  return read_all(query, first_columns);
}

Result<Artifact> SqliteArtifactStore::find_by_digest(CollectionId sequence, std::string_view digest,
                                                     ArtifactState state) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              RUNSTONE_ARTIFACT
              "WHERE a.sequence_id=? AND a.digest=? AND a.state=? ORDER BY a.id DESC LIMIT 1",
              sequence, digest, state);
  return read_one(query, "artifact", first_columns);
}

Result<Artifact> SqliteArtifactStore::find_by_distributed_id(
    CollectionId sequence, std::string_view distributed_id) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              RUNSTONE_ARTIFACT
              "WHERE a.sequence_id=? AND a.distributed_id=? AND a.distributed_id<>'' AND a.state=0 "
              "ORDER BY a.id DESC LIMIT 1",
              sequence, distributed_id);
  return read_one(query, "artifact", first_columns);
}

Result<std::vector<ArtifactId>> SqliteArtifactStore::list_abandoned(std::int64_t before_us) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, "SELECT id FROM artifacts WHERE state=0 AND updated_at_us<? ORDER BY id",
              before_us);
  return read_all(query, [](const Query& row) { return row.id<ArtifactId>(0); });
}

Result<std::vector<ArtifactId>> SqliteArtifactStore::list_expired(std::int64_t now_us) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              "SELECT a.id FROM artifacts a JOIN artifact_collections c ON c.id=a.sequence_id "
              "WHERE a.state=1 AND a.ttl_secs<>-2 AND a.created_at_us+1000000*"
              "(CASE WHEN a.ttl_secs>0 THEN a.ttl_secs WHEN a.ttl_secs=-1 THEN c.ttl_secs END)<=? "
              // What is linked elsewhere is in use there: it stays.
              "AND NOT EXISTS (SELECT 1 FROM artifact_members m WHERE m.artifact_id=a.id AND "
              "m.collection_id<>a.sequence_id) ORDER BY a.id",
              now_us);
  return read_all(query, [](const Query& row) { return row.id<ArtifactId>(0); });
}

Result<void> SqliteArtifactStore::update_artifact(const ArtifactUpdate& update) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(auto transaction, Transaction::begin(*db_.writer));
  const auto description = update.description.value_or(std::nullopt);
  const auto metadata = update.metadata_json.value_or(std::nullopt);
  RUNSTONE_TRY(Query(*db_.writer,
                     "UPDATE artifacts SET description=CASE WHEN ? THEN ? ELSE description END,"
                     "metadata_json=CASE WHEN ? THEN ? ELSE metadata_json END,ttl_secs=coalesce(?,"
                     "ttl_secs),updated_at_us=? WHERE id=? AND state<>2",
                     update.description.has_value(), description, update.metadata_json.has_value(),
                     metadata, update.ttl_secs, update.now_us, update.artifact)
                   .run());
  if (db_.writer->changed_rows() == 0) return missing("artifact");
  for (const auto& tag : update.add_tags) {
    RUNSTONE_TRY(Query(*db_.writer,
                       "INSERT OR IGNORE INTO artifact_tags (artifact_id,tag) VALUES (?,?)",
                       update.artifact, tag)
                     .run());
  }
  for (const auto& tag : update.remove_tags) {
    RUNSTONE_TRY(Query(*db_.writer, "DELETE FROM artifact_tags WHERE artifact_id=? AND tag=?",
                       update.artifact, tag)
                     .run());
  }
  return transaction.commit();
}

Result<void> SqliteArtifactStore::add_pending_aliases(ArtifactId id,
                                                      std::span<const std::string> aliases) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(auto transaction, Transaction::begin(*db_.writer));
  std::vector<std::string> all;
  {
    Query query(*db_.writer, "SELECT pending_aliases FROM artifacts WHERE id=? AND state=0", id);
    RUNSTONE_TRY(
        all, read_one(query, "artifact", [](const Query& row) { return texts_of(row.text(0)); }));
  }
  for (const auto& alias : aliases) {
    if (std::find(all.begin(), all.end(), alias) == all.end()) all.push_back(alias);
  }
  const auto text = text_list(all);
  RUNSTONE_TRY(
      Query(*db_.writer, "UPDATE artifacts SET pending_aliases=? WHERE id=?", text, id).run());
  return transaction.commit();
}

Result<Artifact> SqliteArtifactStore::commit_artifact(const CommitArtifact& commit) {
  {
    const std::scoped_lock lock(db_.writer_mutex);
    auto& writer = *db_.writer;
    RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
    CollectionId sequence{};
    std::int64_t index = 0;
    std::vector<std::string> aliases;
    {
      Query query(writer,
                  "SELECT a.state,a.sequence_id,c.next_version,a.pending_aliases FROM artifacts a "
                  "JOIN artifact_collections c ON c.id=a.sequence_id WHERE a.id=?",
                  commit.artifact);
      RUNSTONE_TRY(const bool found, query.next());
      if (!found) return missing("artifact");
      if (query.number(0) != 0) return fail(ErrorCode::kConflict, "the artifact is not pending");
      sequence = query.id<CollectionId>(1);
      index = query.number(2);
      aliases = texts_of(query.text(3));
    }
    RUNSTONE_TRY(Query(writer,
                       "UPDATE artifacts SET state=1,version_index=?,digest=?,manifest_digest=?,"
                       "commit_hash=?,size_bytes=?,file_count=?,pending_aliases='[]',"
                       "updated_at_us=? WHERE id=?",
                       index, commit.digest, commit.manifest_digest, commit.commit_hash,
                       commit.size_bytes, commit.file_count, commit.now_us, commit.artifact)
                     .run());
    RUNSTONE_TRY(Query(writer,
                       "UPDATE artifact_collections SET next_version=?,updated_at_us=? WHERE id=?",
                       index + 1, commit.now_us, sequence)
                     .run());
    RUNSTONE_TRY(Query(writer,
                       "INSERT INTO artifact_members (collection_id,artifact_id,version_index,"
                       "created_at_us) VALUES (?,?,?,?)",
                       sequence, commit.artifact, index, commit.now_us)
                     .run());
    for (const auto& alias : aliases) {
      RUNSTONE_TRY(insert_alias({sequence, alias, commit.artifact}));
    }
    // The writers' own manifests have done their duty; entries hold the bytes from now on.
    for (const char* sql :
         {"INSERT OR IGNORE INTO artifact_free_blobs SELECT digest FROM artifact_reservations "
          "WHERE artifact_id=?",
          "INSERT OR IGNORE INTO artifact_free_blobs SELECT digest FROM artifact_manifests WHERE "
          "artifact_id=? AND digest<>''",
          "DELETE FROM artifact_reservations WHERE artifact_id=?",
          "UPDATE artifact_manifests SET digest='' WHERE artifact_id=?"}) {
      RUNSTONE_TRY(Query(writer, sql, commit.artifact).run());
    }
    RUNSTONE_TRY(transaction.commit());
  }
  return get_artifact(commit.artifact);
}

Result<void> remove_contents(Connection& writer, ArtifactId id) {
  RUNSTONE_TRY(free_bytes_of(writer, id));
  for (const char* sql : {"DELETE FROM artifact_entries WHERE artifact_id=?",
                          "DELETE FROM artifact_reservations WHERE artifact_id=?",
                          "DELETE FROM artifact_manifests WHERE artifact_id=?",
                          "DELETE FROM artifact_aliases WHERE artifact_id=?",
                          "DELETE FROM artifact_members WHERE artifact_id=?",
                          "DELETE FROM artifact_tags WHERE artifact_id=?",
                          "DELETE FROM artifact_client_ids WHERE artifact_id=?",
                          "DELETE FROM run_artifacts WHERE artifact_id=?"}) {
    RUNSTONE_TRY(Query(writer, sql, id).run());
  }
  return {};
}

Result<void> SqliteArtifactStore::delete_artifact(ArtifactId id, bool with_aliases,
                                                  std::int64_t now_us) {
  const std::scoped_lock lock(db_.writer_mutex);
  auto& writer = *db_.writer;
  RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
  RUNSTONE_TRY(const auto state, state_of(writer, id));
  if (state == ArtifactState::kDeleted) return {};
  if (!with_aliases) {
    Query query(writer, "SELECT alias FROM artifact_aliases WHERE artifact_id=? LIMIT 1", id);
    RUNSTONE_TRY(const bool has_alias, query.next());
    if (has_alias) {
      return fail(ErrorCode::kFailedPrecondition,
                  "the artifact version still has the alias \"" + query.text(0) +
                      "\": remove its aliases first, or delete with deleteAliases");
    }
  }
  RUNSTONE_TRY(remove_contents(writer, id));
  RUNSTONE_TRY(Query(writer,
                     "UPDATE artifacts SET state=2,manifest_digest='',pending_aliases='[]',"
                     "updated_at_us=? WHERE id=?",
                     now_us, id)
                   .run());
  return transaction.commit();
}

Result<std::vector<std::pair<ArtifactId, std::string>>> SqliteArtifactStore::artifact_tags(
    std::span<const ArtifactId> ids) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  const auto list = id_list(ids);
  Query query(*reader,
              "SELECT artifact_id,tag FROM artifact_tags WHERE artifact_id IN (SELECT value FROM "
              "json_each(?)) ORDER BY artifact_id,tag",
              list);
  return read_all(query,
                  [](const Query& row) { return std::pair(row.id<ArtifactId>(0), row.text(1)); });
}

Result<void> SqliteArtifactStore::put_client_id(std::string_view client_id, ArtifactId artifact) {
  const std::scoped_lock lock(db_.writer_mutex);
  return Query(*db_.writer,
               "INSERT OR REPLACE INTO artifact_client_ids (client_id,artifact_id) VALUES (?,?)",
               client_id, artifact)
      .run();
}

Result<ArtifactId> SqliteArtifactStore::find_client_id(std::string_view client_id) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, "SELECT artifact_id FROM artifact_client_ids WHERE client_id=?", client_id);
  return read_one(query, "artifact", [](const Query& row) { return row.id<ArtifactId>(0); });
}

Result<void> SqliteArtifactStore::put_sequence_client_id(std::string_view client_id,
                                                         CollectionId collection) {
  const std::scoped_lock lock(db_.writer_mutex);
  return Query(*db_.writer,
               "INSERT OR REPLACE INTO artifact_sequence_client_ids (client_id,collection_id) "
               "VALUES (?,?)",
               client_id, collection)
      .run();
}

Result<CollectionId> SqliteArtifactStore::find_sequence_client_id(
    std::string_view client_id) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, "SELECT collection_id FROM artifact_sequence_client_ids WHERE client_id=?",
              client_id);
  return read_one(query, "artifact collection",
                  [](const Query& row) { return row.id<CollectionId>(0); });
}

Result<void> SqliteArtifactStore::put_run_artifact(const RunArtifact& row) {
  const std::scoped_lock lock(db_.writer_mutex);
  return Query(*db_.writer,
               "INSERT OR IGNORE INTO run_artifacts (run_id,kind,artifact_id,used_as,"
               "created_at_us) VALUES (?,?,?,?,?)",
               row.run, row.kind, row.artifact, row.used_as, row.created_at_us)
      .run();
}

Result<std::vector<Artifact>> SqliteArtifactStore::list_run_artifacts(RunId run, Lineage kind,
                                                                      ArtifactId after,
                                                                      std::int64_t limit) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              RUNSTONE_ARTIFACT
              "JOIN run_artifacts r ON r.artifact_id=a.id WHERE r.run_id=? AND r.kind=? AND "
              "r.artifact_id>? AND a.state=1 ORDER BY r.artifact_id LIMIT ?",
              run, kind, after, limit);
  return read_all(query, first_columns);
}

Result<std::int64_t> SqliteArtifactStore::count_run_artifacts(RunId run, Lineage kind) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              "SELECT count(*) FROM run_artifacts r JOIN artifacts a ON a.id=r.artifact_id WHERE "
              "r.run_id=? AND r.kind=? AND a.state=1",
              run, kind);
  return read_one(query, "count", [](const Query& row) { return row.number(0); });
}

namespace {
RunArtifact read_run_artifact(const Query& row) {
  return {row.id<RunId>(0), row.id<ArtifactId>(1), static_cast<Lineage>(row.number(2)), row.text(3),
          row.number(4)};
}
}  // namespace

Result<std::vector<RunArtifact>> SqliteArtifactStore::runs_of(std::span<const ArtifactId> ids,
                                                              Lineage kind) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  const auto list = id_list(ids);
  Query query(*reader,
              "SELECT run_id,artifact_id,kind,used_as,created_at_us FROM run_artifacts WHERE "
              "artifact_id IN (SELECT value FROM json_each(?)) AND kind=? ORDER BY artifact_id,"
              "created_at_us,run_id",
              list, kind);
  return read_all(query, read_run_artifact);
}

Result<std::vector<RunArtifact>> SqliteArtifactStore::run_rows(RunId run, Lineage kind) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              "SELECT run_id,artifact_id,kind,used_as,created_at_us FROM run_artifacts WHERE "
              "run_id=? AND kind=? ORDER BY artifact_id",
              run, kind);
  return read_all(query, read_run_artifact);
}

}  // namespace runstone::store::sqlite
