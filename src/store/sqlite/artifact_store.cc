#include "store/artifact_store.h"

#include "base/json.h"
#include "base/try.h"
#include "store/sqlite/artifact_engine.h"
#include "store/sqlite/subjects.h"

namespace runstone::store::sqlite {

// A manifest's entries are rows, so that a page of files, and the question who still refers to some
// bytes, cost what they give and not the size of the manifest.
const char kArtifactSchema[] = R"sql(
CREATE TABLE artifact_types (
  id INTEGER PRIMARY KEY AUTOINCREMENT, project_id INTEGER NOT NULL, name TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '', created_at_us INTEGER NOT NULL,
  UNIQUE (project_id, name));
CREATE TABLE artifact_collections (
  id INTEGER PRIMARY KEY AUTOINCREMENT, project_id INTEGER NOT NULL, type_id INTEGER NOT NULL,
  kind INTEGER NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL,
  next_version INTEGER NOT NULL DEFAULT 0, ttl_secs INTEGER, created_at_us INTEGER NOT NULL,
  updated_at_us INTEGER NOT NULL, UNIQUE (project_id, name));
CREATE TABLE artifact_collection_tags (
  collection_id INTEGER NOT NULL, tag TEXT NOT NULL,
  PRIMARY KEY (collection_id, tag)) WITHOUT ROWID;
CREATE TABLE artifacts (
  id INTEGER PRIMARY KEY AUTOINCREMENT, sequence_id INTEGER NOT NULL, state INTEGER NOT NULL,
  version_index INTEGER, digest TEXT NOT NULL, digest_algorithm TEXT NOT NULL, description TEXT,
  metadata_json TEXT, size_bytes INTEGER NOT NULL, file_count INTEGER NOT NULL,
  ttl_secs INTEGER NOT NULL, history_step INTEGER, commit_hash TEXT NOT NULL, run_id INTEGER,
  user_id INTEGER, distributed_id TEXT NOT NULL, base_id INTEGER, deduplicate INTEGER NOT NULL,
  manifest_digest TEXT NOT NULL, pending_aliases TEXT NOT NULL, created_at_us INTEGER NOT NULL,
  updated_at_us INTEGER NOT NULL);
CREATE INDEX artifacts_by_digest ON artifacts (sequence_id, digest, state);
CREATE INDEX artifacts_pending ON artifacts (updated_at_us) WHERE state=0;
CREATE INDEX artifacts_expiring ON artifacts (ttl_secs) WHERE state=1 AND ttl_secs<>-2;
CREATE INDEX artifacts_distributed ON artifacts (sequence_id, distributed_id)
  WHERE distributed_id<>'';
CREATE INDEX artifacts_by_manifest ON artifacts (manifest_digest) WHERE manifest_digest<>'';
CREATE TABLE artifact_tags (
  artifact_id INTEGER NOT NULL, tag TEXT NOT NULL,
  PRIMARY KEY (artifact_id, tag)) WITHOUT ROWID;
CREATE TABLE artifact_client_ids (
  client_id TEXT PRIMARY KEY, artifact_id INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX artifact_client_ids_of ON artifact_client_ids (artifact_id);
CREATE TABLE artifact_sequence_client_ids (
  client_id TEXT PRIMARY KEY, collection_id INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE artifact_members (
  id INTEGER PRIMARY KEY AUTOINCREMENT, collection_id INTEGER NOT NULL,
  artifact_id INTEGER NOT NULL, version_index INTEGER NOT NULL, created_at_us INTEGER NOT NULL,
  UNIQUE (collection_id, version_index), UNIQUE (artifact_id, collection_id));
CREATE TABLE artifact_aliases (
  id INTEGER PRIMARY KEY AUTOINCREMENT, collection_id INTEGER NOT NULL, alias TEXT NOT NULL,
  artifact_id INTEGER NOT NULL, member_id INTEGER NOT NULL, UNIQUE (collection_id, alias));
CREATE INDEX artifact_aliases_of ON artifact_aliases (artifact_id);
CREATE TABLE artifact_manifests (
  id INTEGER PRIMARY KEY AUTOINCREMENT, artifact_id INTEGER NOT NULL, type INTEGER NOT NULL,
  name TEXT NOT NULL, digest TEXT NOT NULL, run TEXT NOT NULL, base_id INTEGER,
  created_at_us INTEGER NOT NULL);
CREATE INDEX artifact_manifests_of ON artifact_manifests (artifact_id);
CREATE INDEX artifact_manifests_by_digest ON artifact_manifests (digest) WHERE digest<>'';
CREATE TABLE artifact_entries (
  artifact_id INTEGER NOT NULL, path TEXT NOT NULL, digest TEXT NOT NULL, ref TEXT NOT NULL,
  size_bytes INTEGER NOT NULL, birth_artifact TEXT NOT NULL, rest_json TEXT NOT NULL,
  PRIMARY KEY (artifact_id, path)) WITHOUT ROWID;
CREATE INDEX artifact_entries_by_digest ON artifact_entries (digest, artifact_id) WHERE ref='';
CREATE TABLE artifact_blobs (
  digest TEXT PRIMARY KEY, size_bytes INTEGER NOT NULL, created_at_us INTEGER NOT NULL)
  WITHOUT ROWID;
CREATE TABLE artifact_blob_entities (
  digest TEXT NOT NULL, entity_id INTEGER NOT NULL, PRIMARY KEY (digest, entity_id)) WITHOUT ROWID;
CREATE TABLE artifact_reservations (
  artifact_id INTEGER NOT NULL, digest TEXT NOT NULL,
  PRIMARY KEY (artifact_id, digest)) WITHOUT ROWID;
CREATE INDEX artifact_reservations_by_digest ON artifact_reservations (digest);
CREATE TABLE artifact_free_blobs (digest TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE run_artifacts (
  run_id INTEGER NOT NULL, kind INTEGER NOT NULL, artifact_id INTEGER NOT NULL,
  used_as TEXT NOT NULL, created_at_us INTEGER NOT NULL,
  PRIMARY KEY (run_id, kind, artifact_id)) WITHOUT ROWID;
CREATE INDEX run_artifacts_by_artifact ON run_artifacts (artifact_id, kind, created_at_us);
)sql";

std::string text_list(std::span<const std::string> texts) {
  List list;
  for (const auto& text : texts) list.emplace_back(text);
  return json::to_text(Value(std::move(list)));
}

std::vector<std::string> texts_of(std::string_view text) {
  std::vector<std::string> texts;
  const auto value = json::parse(text);
  if (!value || value->if_list() == nullptr) return texts;
  for (const auto& item : *value->if_list()) texts.emplace_back(item.string_or(""));
  return texts;
}

namespace {

std::optional<std::string> optional_text(const Query& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.text(column);
}
template <typename Id>
std::optional<Id> optional_id(const Query& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return row.id<Id>(column);
}

}  // namespace

Artifact read_artifact(const Query& row, int at) {
  Artifact a;
  a.id = row.id<ArtifactId>(at);
  a.sequence = row.id<CollectionId>(at + 1);
  a.project = row.id<ProjectId>(at + 2);
  a.entity_name = row.text(at + 3);
  a.project_name = row.text(at + 4);
  a.sequence_name = row.text(at + 5);
  a.type = row.id<ArtifactTypeId>(at + 6);
  a.type_name = row.text(at + 7);
  a.state = static_cast<ArtifactState>(row.number(at + 8));
  a.version_index = row.optional_number(at + 9);
  a.digest = row.text(at + 10);
  a.digest_algorithm = row.text(at + 11);
  a.description = optional_text(row, at + 12);
  a.metadata_json = optional_text(row, at + 13);
  a.size_bytes = row.number(at + 14);
  a.file_count = row.number(at + 15);
  a.ttl_secs = row.number(at + 16);
  a.history_step = row.optional_number(at + 17);
  a.commit_hash = row.text(at + 18);
  a.created_by = optional_id<RunId>(row, at + 19);
  a.user = optional_id<UserId>(row, at + 20);
  a.distributed_id = row.text(at + 21);
  a.base = optional_id<ArtifactId>(row, at + 22);
  a.deduplicate = row.number(at + 23) != 0;
  a.manifest_digest = row.text(at + 24);
  a.pending_aliases = texts_of(row.text(at + 25));
  a.created_at_us = row.number(at + 26);
  a.updated_at_us = row.number(at + 27);
  return a;
}

Membership read_membership(const Query& row, int at) {
  return {row.id<MembershipId>(at), row.id<CollectionId>(at + 1), row.id<ArtifactId>(at + 2),
          row.number(at + 3), row.number(at + 4)};
}

std::unique_ptr<ArtifactStore> make_artifact_store(Database& db) {
  return std::make_unique<SqliteArtifactStore>(db);
}

}  // namespace runstone::store::sqlite
