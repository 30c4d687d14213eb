#include "base/try.h"
#include "store/sqlite/engine.h"
#include "store/sqlite/line_rows.h"

namespace runstone::store::sqlite {
namespace {

#define RUNSTONE_CHUNK_COLUMNS "run_id,stream,first_line,line_count,first_step,last_step,raw_bytes"
#define RUNSTONE_PART_COLUMNS                                                        \
  "SELECT id,run_id,stream,object_key,overview_key,size_bytes,row_count,line_count," \
  "first_line,end_line,first_step,last_step,created_at_us FROM parts "

KeyInfo read_key(const Query& row) {
  return {row.text(0),   row.number(1), row.number(2), row.number(3),
          row.number(4), row.number(5), row.number(6)};
}

RunFile read_file(const Query& row) {
  return {row.text(0), row.text(1), row.number(2), row.text(3), row.text(4), row.number(5)};
}

Result<std::vector<PartInfo>> read_parts(Connection& connection, RunId run, Stream stream) {
  Query query(connection,
              RUNSTONE_PART_COLUMNS "WHERE run_id=? AND stream=? ORDER BY first_line,id", run,
              stream);
  return read_all(query, read_part);
}

std::string read_first_text(const Query& row) { return row.text(0); }

}  // namespace

Result<std::vector<TailSize>> SqliteStore::list_tails() const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              "SELECT run_id,stream,sum(line_count),sum(raw_bytes) FROM tail_chunks "
              "WHERE stream<>2 GROUP BY run_id,stream ORDER BY run_id,stream");
  return read_all(query, [](const Query& row) {
    return TailSize{row.id<RunId>(0), row.id<Stream>(1), row.number(2), row.number(3)};
  });
}

Result<std::vector<TailChunk>> SqliteStore::tail(RunId run, Stream stream, std::int64_t first_line,
                                                 std::int64_t end_line) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  // Chunks do not overlap, so all that can reach into the range start at or after the last one that
  // starts no later than its first line; the index leads there.
  Query query(*reader,
              "SELECT " RUNSTONE_CHUNK_COLUMNS
              ",data FROM tail_chunks WHERE run_id=?1 AND stream=?2 AND first_line<?4 AND "
              "first_line>=coalesce((SELECT max(first_line) FROM tail_chunks WHERE run_id=?1 AND "
              "stream=?2 AND first_line<=?3),?3) AND first_line+line_count>?3 ORDER BY first_line",
              run, stream, first_line, end_line);
  return read_all(query, read_chunk);
}

Result<std::vector<TailChunk>> SqliteStore::tail_index(RunId run, Stream stream) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              "SELECT " RUNSTONE_CHUNK_COLUMNS
              " FROM tail_chunks WHERE run_id=? AND stream=? ORDER BY first_line",
              run, stream);
  return read_all(query, read_chunk_index);
}

Result<std::vector<PartInfo>> SqliteStore::parts(RunId run, Stream stream) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  return read_parts(*reader, run, stream);
}

Result<std::string> SqliteStore::part_bytes(PartId id) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, "SELECT bytes FROM parts WHERE id=? AND object_key=''", id);
  return read_one(query, "part in SQL", read_first_text);
}

Result<std::string> SqliteStore::part_overview(PartId id) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, "SELECT overview FROM parts WHERE id=? AND overview_key=''", id);
  return read_one(query, "overview in SQL", read_first_text);
}

Result<std::vector<std::string>> SqliteStore::list_part_objects() const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              "SELECT object_key AS key FROM parts WHERE object_key<>'' UNION "
              "SELECT overview_key FROM parts WHERE overview_key<>'' ORDER BY key");
  return read_all(query, read_first_text);
}

Result<Store::Lines> SqliteStore::lines(RunId run, Stream stream) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  RUNSTONE_TRY(auto snapshot, Transaction::begin(*reader, /*write=*/false));
  Lines both;
  RUNSTONE_TRY(both.parts, read_parts(*reader, run, stream));
  {
    Query query(*reader,
                "SELECT " RUNSTONE_CHUNK_COLUMNS
                ",data FROM tail_chunks WHERE run_id=? AND stream=? ORDER BY first_line",
                run, stream);
    RUNSTONE_TRY(both.tail, read_all(query, read_chunk));
  }
  RUNSTONE_TRY(snapshot.commit());
  return both;
}

Result<std::vector<KeyInfo>> SqliteStore::keys(RunId run) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              "SELECT name,numbers,strings,bools,media,others,last_step FROM run_keys "
              "WHERE run_id=? ORDER BY name",
              run);
  return read_all(query, read_key);
}

Result<std::vector<KeyInfo>> SqliteStore::project_keys(ProjectId project) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              "SELECT k.name,sum(k.numbers),sum(k.strings),sum(k.bools),sum(k.media),"
              "sum(k.others),max(k.last_step) FROM runs r JOIN run_keys k ON k.run_id=r.id "
              "WHERE r.project_id=? GROUP BY k.name ORDER BY k.name",
              project);
  return read_all(query, read_key);
}

Result<std::vector<RunFile>> SqliteStore::files(RunId run) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              "SELECT name,object_key,size_bytes,md5_base64,mimetype,updated_at_us FROM run_files "
              "WHERE run_id=? ORDER BY name",
              run);
  return read_all(query, read_file);
}

Result<RunFile> SqliteStore::file(RunId run, std::string_view name) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              "SELECT name,object_key,size_bytes,md5_base64,mimetype,updated_at_us FROM run_files "
              "WHERE run_id=? AND name=?",
              run, name);
  return read_one(query, "file", read_file);
}

Result<void> SqliteStore::delete_file(RunId run, std::string_view name) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(
      Query(*db_.writer, "DELETE FROM run_files WHERE run_id=? AND name=?", run, name).run());
  if (db_.writer->changed_rows() == 0) return missing("file");
  return {};
}

}  // namespace runstone::store::sqlite
