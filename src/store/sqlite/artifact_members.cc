#include "base/try.h"
#include "store/sqlite/artifact_engine.h"

// Where versions are found: places in collections, aliases, links.
namespace runstone::store::sqlite {
namespace {

#define RUNSTONE_MEMBER                                             \
  "SELECT " RUNSTONE_ARTIFACT_FIELDS "," RUNSTONE_MEMBERSHIP_FIELDS \
  " FROM artifact_members m JOIN artifacts a ON a.id=m.artifact_id " RUNSTONE_ARTIFACT_JOINS

Member read_member(const Query& row) {
  return {read_membership(row, kArtifactColumnCount), read_artifact(row, 0)};
}

#define RUNSTONE_ALIAS "SELECT id,collection_id,artifact_id,member_id,alias FROM artifact_aliases "
ArtifactAlias read_alias(const Query& row) {
  return {row.id<AliasId>(0), row.id<CollectionId>(1), row.id<ArtifactId>(2),
          row.id<MembershipId>(3), row.text(4)};
}

}  // namespace

Result<std::vector<Member>> SqliteArtifactStore::list_members(const ListMembers& request) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  const auto ids = id_list(std::span<const CollectionId>(request.collections));
  std::optional<CollectionId> collection;
  std::optional<std::int64_t> index;
  if (request.after) collection = request.after->first, index = request.after->second;
  if (request.descending) {
    Query query(*reader,
                RUNSTONE_MEMBER
                "WHERE m.collection_id IN (SELECT value FROM json_each(?1)) AND (?2 IS NULL OR "
                "m.collection_id>?2 OR (m.collection_id=?2 AND m.version_index<?3)) ORDER BY "
                "m.collection_id,m.version_index DESC LIMIT ?4",
                ids, collection, index, request.limit);
    return read_all(query, read_member);
  }
  Query query(*reader,
              RUNSTONE_MEMBER
              "WHERE m.collection_id IN (SELECT value FROM json_each(?1)) AND (?2 IS NULL OR "
              "m.collection_id>?2 OR (m.collection_id=?2 AND m.version_index>?3)) ORDER BY "
              "m.collection_id,m.version_index LIMIT ?4",
              ids, collection, index, request.limit);
  return read_all(query, read_member);
}

Result<std::int64_t> SqliteArtifactStore::count_members(std::span<const CollectionId> ids) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  const auto list = id_list(ids);
  Query query(*reader,
              "SELECT count(*) FROM artifact_members WHERE collection_id IN (SELECT value FROM "
              "json_each(?))",
              list);
  return read_one(query, "count", [](const Query& row) { return row.number(0); });
}

Result<Member> SqliteArtifactStore::find_member(CollectionId collection,
                                                std::int64_t version_index) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, RUNSTONE_MEMBER "WHERE m.collection_id=? AND m.version_index=?", collection,
              version_index);
  return read_one(query, "artifact version", read_member);
}

Result<Member> SqliteArtifactStore::find_member_by_alias(CollectionId collection,
                                                         std::string_view alias) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              RUNSTONE_MEMBER
              "JOIN artifact_aliases s ON s.member_id=m.id WHERE s.collection_id=? AND s.alias=?",
              collection, alias);
  return read_one(query, "artifact version", read_member);
}

Result<Member> SqliteArtifactStore::find_member_by_digest(CollectionId collection,
                                                          std::string_view digest) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              RUNSTONE_MEMBER
              "WHERE m.collection_id=? AND a.digest=? ORDER BY m.version_index DESC LIMIT 1",
              collection, digest);
  return read_one(query, "artifact version", read_member);
}

Result<Member> SqliteArtifactStore::find_member_of(CollectionId collection,
                                                   ArtifactId artifact) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, RUNSTONE_MEMBER "WHERE m.collection_id=? AND m.artifact_id=?", collection,
              artifact);
  return read_one(query, "artifact version", read_member);
}

Result<std::vector<Member>> SqliteArtifactStore::latest_members(
    std::span<const CollectionId> ids) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  const auto list = id_list(ids);
  Query query(*reader,
              RUNSTONE_MEMBER
              "JOIN json_each(?) j ON j.value=m.collection_id WHERE m.version_index=(SELECT "
              "max(n.version_index) FROM artifact_members n WHERE n.collection_id=m.collection_id) "
              "ORDER BY j.key",
              list);
  return read_all(query, read_member);
}

Result<std::vector<Membership>> SqliteArtifactStore::memberships_of(
    std::span<const ArtifactId> ids) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  const auto list = id_list(ids);
  Query query(*reader,
              "SELECT " RUNSTONE_MEMBERSHIP_FIELDS
              " FROM artifact_members m WHERE m.artifact_id IN (SELECT value FROM json_each(?)) "
              "ORDER BY m.artifact_id,m.id",
              list);
  return read_all(query, [](const Query& row) { return read_membership(row, 0); });
}

Result<std::vector<Membership>> SqliteArtifactStore::get_memberships(
    std::span<const MembershipId> ids) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  const auto list = id_list(ids);
  Query query(*reader,
              "SELECT " RUNSTONE_MEMBERSHIP_FIELDS
              " FROM artifact_members m JOIN json_each(?) j ON j.value=m.id ORDER BY j.key",
              list);
  return read_all(query, [](const Query& row) { return read_membership(row, 0); });
}

Result<Membership> SqliteArtifactStore::link(CollectionId portfolio, ArtifactId artifact,
                                             std::span<const std::string> aliases,
                                             std::int64_t now_us) {
  {
    const std::scoped_lock lock(db_.writer_mutex);
    auto& writer = *db_.writer;
    RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
    std::int64_t index = 0;
    {
      Query query(writer, "SELECT next_version FROM artifact_collections WHERE id=?", portfolio);
      RUNSTONE_TRY(index, read_one(query, "artifact collection",
                                   [](const Query& row) { return row.number(0); }));
      Query state(writer, "SELECT state FROM artifacts WHERE id=?", artifact);
      RUNSTONE_TRY(const bool found, state.next());
      if (!found) return missing("artifact");
      if (state.number(0) != 1) {
        return fail(ErrorCode::kFailedPrecondition,
                    "only a committed artifact version can be linked");
      }
    }
    RUNSTONE_TRY(Query(writer,
                       "INSERT OR IGNORE INTO artifact_members (collection_id,artifact_id,"
                       "version_index,created_at_us) VALUES (?,?,?,?)",
                       portfolio, artifact, index, now_us)
                     .run());
    if (writer.changed_rows() > 0) {
      RUNSTONE_TRY(
          Query(writer, "UPDATE artifact_collections SET next_version=?,updated_at_us=? WHERE id=?",
                index + 1, now_us, portfolio)
              .run());
    }
    for (const auto& alias : aliases) RUNSTONE_TRY(insert_alias({portfolio, alias, artifact}));
    RUNSTONE_TRY(transaction.commit());
  }
  RUNSTONE_TRY(const auto member, find_member_of(portfolio, artifact));
  return member.membership;
}

Result<void> SqliteArtifactStore::unlink(CollectionId portfolio, ArtifactId artifact) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(auto transaction, Transaction::begin(*db_.writer));
  RUNSTONE_TRY(Query(*db_.writer,
                     "DELETE FROM artifact_aliases WHERE collection_id=? AND artifact_id=?",
                     portfolio, artifact)
                   .run());
  RUNSTONE_TRY(Query(*db_.writer,
                     "DELETE FROM artifact_members WHERE collection_id=? AND artifact_id=?",
                     portfolio, artifact)
                   .run());
  if (db_.writer->changed_rows() == 0) return missing("artifact version in this collection");
  return transaction.commit();
}

Result<void> SqliteArtifactStore::insert_alias(const NewAlias& alias) {
  RUNSTONE_TRY(Query(*db_.writer,
                     "INSERT INTO artifact_aliases (collection_id,alias,artifact_id,member_id) "
                     "SELECT collection_id,?,artifact_id,id FROM artifact_members WHERE "
                     "collection_id=? AND artifact_id=? ON CONFLICT (collection_id,alias) DO "
                     "UPDATE SET artifact_id=excluded.artifact_id,member_id=excluded.member_id",
                     alias.alias, alias.collection, alias.artifact)
                   .run());
  if (db_.writer->changed_rows() == 0) return missing("artifact version in this collection");
  return {};
}

Result<void> SqliteArtifactStore::put_aliases(std::span<const NewAlias> aliases) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(auto transaction, Transaction::begin(*db_.writer));
  for (const auto& alias : aliases) RUNSTONE_TRY(insert_alias(alias));
  return transaction.commit();
}

Result<void> SqliteArtifactStore::remove_aliases(std::span<const NewAlias> aliases) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(auto transaction, Transaction::begin(*db_.writer));
  for (const auto& alias : aliases) {
    RUNSTONE_TRY(Query(*db_.writer,
                       "DELETE FROM artifact_aliases WHERE collection_id=? AND alias=? AND "
                       "artifact_id=?",
                       alias.collection, alias.alias, alias.artifact)
                     .run());
  }
  return transaction.commit();
}

Result<std::vector<ArtifactAlias>> SqliteArtifactStore::aliases_of(
    std::span<const ArtifactId> ids) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  const auto list = id_list(ids);
  Query query(*reader,
              RUNSTONE_ALIAS
              "WHERE artifact_id IN (SELECT value FROM json_each(?)) ORDER BY artifact_id,id",
              list);
  return read_all(query, read_alias);
}

Result<std::vector<ArtifactAlias>> SqliteArtifactStore::list_aliases(CollectionId collection,
                                                                     AliasId after,
                                                                     std::int64_t limit) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, RUNSTONE_ALIAS "WHERE collection_id=? AND id>? ORDER BY id LIMIT ?",
              collection, after, limit);
  return read_all(query, read_alias);
}

Result<std::int64_t> SqliteArtifactStore::count_aliases(CollectionId collection) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, "SELECT count(*) FROM artifact_aliases WHERE collection_id=?", collection);
  return read_one(query, "count", [](const Query& row) { return row.number(0); });
}

}  // namespace runstone::store::sqlite
