#include "base/try.h"
#include "store/sqlite/artifact_engine.h"

// Manifests, entries, and the bytes that they refer to.
namespace runstone::store::sqlite {
namespace {

#define RUNSTONE_MANIFEST \
  "SELECT id,artifact_id,type,name,digest,run,base_id,created_at_us FROM artifact_manifests "
#define RUNSTONE_ENTRY                                                                            \
  "SELECT n.path,n.digest,n.ref,n.size_bytes,n.birth_artifact,n.rest_json FROM artifact_entries " \
  "n "

ArtifactManifest read_manifest(const Query& row) {
  ArtifactManifest manifest;
  manifest.id = row.id<ManifestId>(0);
  manifest.artifact = row.id<ArtifactId>(1);
  manifest.type = static_cast<ManifestType>(row.number(2));
  manifest.name = row.text(3);
  manifest.digest = row.text(4);
  manifest.run = row.text(5);
  if (!row.is_null(6)) manifest.base = row.id<ArtifactId>(6);
  manifest.created_at_us = row.number(7);
  return manifest;
}

ArtifactEntry read_entry(const Query& row) {
  return {row.text(0), row.text(1), row.text(2), row.number(3), row.text(4), row.text(5)};
}

store::Blob read_blob(const Query& row) { return {row.text(0), row.number(1), row.number(2)}; }

Result<void> require_pending(Connection& connection, ArtifactId id) {
  Query query(connection, "SELECT state FROM artifacts WHERE id=?", id);
  RUNSTONE_TRY(const bool found, query.next());
  if (!found) return missing("artifact");
  if (query.number(0) != 0) return fail(ErrorCode::kConflict, "the artifact is not pending");
  return {};
}

}  // namespace

Result<ArtifactManifest> SqliteArtifactStore::put_manifest(const ArtifactManifest& manifest) {
  const std::scoped_lock lock(db_.writer_mutex);
  auto& writer = *db_.writer;
  RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
  RUNSTONE_TRY(require_pending(writer, manifest.artifact));
  auto made = manifest;
  if (manifest.type == ManifestType::kFull) {
    Query query(writer,
                "SELECT id FROM artifact_manifests WHERE artifact_id=? AND type=0 AND name=? AND "
                "run=?",
                manifest.artifact, manifest.name, manifest.run);
    RUNSTONE_TRY(const bool found, query.next());
    if (found) made.id = query.id<ManifestId>(0);
  }
  if (to_number(made.id) != 0) {
    RUNSTONE_TRY(Query(writer,
                       "INSERT OR IGNORE INTO artifact_free_blobs SELECT digest FROM "
                       "artifact_manifests WHERE id=? AND digest NOT IN ('',?)",
                       made.id, made.digest)
                     .run());
    RUNSTONE_TRY(
        Query(writer, "UPDATE artifact_manifests SET digest=? WHERE id=?", made.digest, made.id)
            .run());
  } else {
    RUNSTONE_TRY(Query(writer,
                       "INSERT INTO artifact_manifests (artifact_id,type,name,digest,run,base_id,"
                       "created_at_us) VALUES (?,?,?,?,?,?,?)",
                       made.artifact, made.type, made.name, made.digest, made.run, made.base,
                       made.created_at_us)
                     .run());
    made.id = ManifestId{writer.last_insert_id()};
  }
  RUNSTONE_TRY(Query(writer, "UPDATE artifacts SET updated_at_us=? WHERE id=?",
                     manifest.created_at_us, manifest.artifact)
                   .run());
  RUNSTONE_TRY(transaction.commit());
  return made;
}

Result<ArtifactManifest> SqliteArtifactStore::get_manifest(ManifestId id) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, RUNSTONE_MANIFEST "WHERE id=?", id);
  return read_one(query, "artifact manifest", read_manifest);
}

Result<void> SqliteArtifactStore::update_manifest(ManifestId id, std::string_view digest,
                                                  std::optional<ArtifactId> base) {
  const std::scoped_lock lock(db_.writer_mutex);
  auto& writer = *db_.writer;
  RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
  ArtifactId artifact{};
  {
    Query query(writer, "SELECT artifact_id FROM artifact_manifests WHERE id=?", id);
    RUNSTONE_TRY(artifact, read_one(query, "artifact manifest",
                                    [](const Query& row) { return row.id<ArtifactId>(0); }));
  }
  RUNSTONE_TRY(require_pending(writer, artifact));
  RUNSTONE_TRY(Query(writer,
                     "INSERT OR IGNORE INTO artifact_free_blobs SELECT digest FROM "
                     "artifact_manifests WHERE id=? AND digest NOT IN ('',?)",
                     id, digest)
                   .run());
  RUNSTONE_TRY(Query(writer,
                     "UPDATE artifact_manifests SET digest=?,base_id=coalesce(?,base_id) WHERE "
                     "id=?",
                     digest, base, id)
                   .run());
  return transaction.commit();
}

Result<std::vector<ArtifactManifest>> SqliteArtifactStore::manifests(ArtifactId artifact) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, RUNSTONE_MANIFEST "WHERE artifact_id=? ORDER BY id", artifact);
  return read_all(query, read_manifest);
}

Result<void> SqliteArtifactStore::clear_entries(ArtifactId artifact,
                                                std::optional<ArtifactId> copy_of) {
  const std::scoped_lock lock(db_.writer_mutex);
  auto& writer = *db_.writer;
  RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
  RUNSTONE_TRY(require_pending(writer, artifact));
  RUNSTONE_TRY(Query(writer,
                     "INSERT OR IGNORE INTO artifact_free_blobs SELECT DISTINCT digest FROM "
                     "artifact_entries WHERE artifact_id=? AND ref=''",
                     artifact)
                   .run());
  RUNSTONE_TRY(Query(writer, "DELETE FROM artifact_entries WHERE artifact_id=?", artifact).run());
  if (copy_of) {
    RUNSTONE_TRY(Query(writer,
                       "INSERT INTO artifact_entries SELECT ?,path,digest,ref,size_bytes,"
                       "birth_artifact,rest_json FROM artifact_entries WHERE artifact_id=?",
                       artifact, *copy_of)
                     .run());
  }
  return transaction.commit();
}

Result<void> SqliteArtifactStore::put_entries(ArtifactId artifact,
                                              std::span<const ArtifactEntry> entries) {
  const std::scoped_lock lock(db_.writer_mutex);
  auto& writer = *db_.writer;
  RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
  RUNSTONE_TRY(require_pending(writer, artifact));
  for (const auto& entry : entries) {
    RUNSTONE_TRY(Query(writer, "INSERT OR REPLACE INTO artifact_entries VALUES (?,?,?,?,?,?,?)",
                       artifact, entry.path, entry.digest, entry.ref, entry.size_bytes,
                       entry.birth_artifact, entry.rest_json)
                     .run());
  }
  return transaction.commit();
}

Result<std::vector<ArtifactEntry>> SqliteArtifactStore::list_entries(
    ArtifactId artifact, std::optional<std::string_view> after, std::int64_t limit) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  if (!after) {
    Query query(*reader, RUNSTONE_ENTRY "WHERE n.artifact_id=? ORDER BY n.path LIMIT ?", artifact,
                limit);
    return read_all(query, read_entry);
  }
  Query query(*reader, RUNSTONE_ENTRY "WHERE n.artifact_id=? AND n.path>? ORDER BY n.path LIMIT ?",
              artifact, *after, limit);
  return read_all(query, read_entry);
}

Result<std::vector<ArtifactEntry>> SqliteArtifactStore::find_entries(
    ArtifactId artifact, std::span<const std::string> paths) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  const auto list = text_list(paths);
  Query query(*reader,
              RUNSTONE_ENTRY
              "WHERE n.artifact_id=? AND n.path IN (SELECT value FROM json_each(?)) ORDER BY "
              "n.path",
              artifact, list);
  return read_all(query, read_entry);
}

Result<std::int64_t> SqliteArtifactStore::count_files(ArtifactId artifact) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, "SELECT count(*) FROM artifact_entries WHERE artifact_id=?", artifact);
  return read_one(query, "count", [](const Query& row) { return row.number(0); });
}

Result<ArtifactEntry> SqliteArtifactStore::find_entry_by_digest(ArtifactId artifact,
                                                                std::string_view digest) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, RUNSTONE_ENTRY "WHERE n.digest=? AND n.artifact_id=? AND n.ref='' LIMIT 1",
              digest, artifact);
  return read_one(query, "file of this artifact", read_entry);
}

Result<std::vector<ArtifactEntry>> SqliteArtifactStore::missing_entries(ArtifactId artifact,
                                                                        EntityId entity,
                                                                        std::int64_t limit) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              RUNSTONE_ENTRY
              "LEFT JOIN artifact_blobs b ON b.digest=n.digest AND b.size_bytes=n.size_bytes LEFT "
              "JOIN artifact_blob_entities o ON o.digest=n.digest AND o.entity_id=? WHERE "
              "n.artifact_id=? AND n.ref='' AND (b.digest IS NULL OR o.digest IS NULL) ORDER BY "
              "n.path LIMIT ?",
              entity, artifact, limit);
  return read_all(query, read_entry);
}

Result<void> SqliteArtifactStore::put_blob(const store::Blob& blob, EntityId entity) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(auto transaction, Transaction::begin(*db_.writer));
  RUNSTONE_TRY(Query(*db_.writer,
                     "INSERT OR REPLACE INTO artifact_blobs (digest,size_bytes,created_at_us) "
                     "VALUES (?,?,?)",
                     blob.digest, blob.size_bytes, blob.created_at_us)
                   .run());
  RUNSTONE_TRY(Query(*db_.writer,
                     "INSERT OR IGNORE INTO artifact_blob_entities (digest,entity_id) VALUES (?,?)",
                     blob.digest, entity)
                   .run());
  return transaction.commit();
}

Result<store::Blob> SqliteArtifactStore::find_blob(std::string_view digest) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, "SELECT digest,size_bytes,created_at_us FROM artifact_blobs WHERE digest=?",
              digest);
  return read_one(query, "artifact file", read_blob);
}

Result<std::vector<store::Blob>> SqliteArtifactStore::find_blobs(
    EntityId entity, std::span<const std::string> digests) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  const auto list = text_list(digests);
  Query query(*reader,
              "SELECT b.digest,b.size_bytes,b.created_at_us FROM artifact_blobs b JOIN "
              "artifact_blob_entities o ON o.digest=b.digest AND o.entity_id=? WHERE b.digest IN "
              "(SELECT value FROM json_each(?)) ORDER BY b.digest",
              entity, list);
  return read_all(query, read_blob);
}

Result<void> SqliteArtifactStore::reserve(ArtifactId artifact,
                                          std::span<const std::string> digests) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(auto transaction, Transaction::begin(*db_.writer));
  RUNSTONE_TRY(require_pending(*db_.writer, artifact));
  for (const auto& digest : digests) {
    RUNSTONE_TRY(Query(*db_.writer,
                       "INSERT OR IGNORE INTO artifact_reservations (artifact_id,digest) VALUES "
                       "(?,?)",
                       artifact, digest)
                     .run());
  }
  return transaction.commit();
}

Result<std::vector<std::string>> SqliteArtifactStore::list_free(std::int64_t limit) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, "SELECT digest FROM artifact_free_blobs ORDER BY digest LIMIT ?", limit);
  return read_all(query, [](const Query& row) { return row.text(0); });
}

Result<bool> SqliteArtifactStore::take_free(std::string_view digest) {
  const std::scoped_lock lock(db_.writer_mutex);
  auto& writer = *db_.writer;
  RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
  {
    Query query(writer,
                "SELECT EXISTS (SELECT 1 FROM artifact_entries WHERE digest=?1 AND ref='') OR "
                "EXISTS (SELECT 1 FROM artifact_reservations WHERE digest=?1) OR EXISTS (SELECT 1 "
                "FROM artifact_manifests WHERE digest=?1 AND digest<>'') OR EXISTS (SELECT 1 FROM "
                "artifacts WHERE manifest_digest=?1 AND manifest_digest<>'')",
                digest);
    RUNSTONE_TRY(const bool used,
                 read_one(query, "answer", [](const Query& row) { return row.number(0) != 0; }));
    if (used) return false;
  }
  RUNSTONE_TRY(Query(writer, "DELETE FROM artifact_blobs WHERE digest=?", digest).run());
  RUNSTONE_TRY(Query(writer, "DELETE FROM artifact_blob_entities WHERE digest=?", digest).run());
  RUNSTONE_TRY(transaction.commit());
  return true;
}

Result<void> SqliteArtifactStore::forget_free(std::string_view digest) {
  const std::scoped_lock lock(db_.writer_mutex);
  return Query(*db_.writer, "DELETE FROM artifact_free_blobs WHERE digest=?", digest).run();
}

}  // namespace runstone::store::sqlite
