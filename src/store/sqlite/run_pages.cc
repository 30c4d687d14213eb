#include "base/try.h"
#include "store/sqlite/engine.h"
#include "store/sqlite/line_rows.h"

// What a page of runs is asked for besides its rows: one statement each, however many runs it has.
namespace runstone::store::sqlite {

Result<std::vector<RunKey>> SqliteStore::keys_of(std::span<const RunId> runs) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  const std::string list = json_list(runs);
  Query query(*reader,
              "SELECT k.run_id,k.name,k.numbers,k.strings,k.bools,k.media,k.others,k.last_step "
              "FROM json_each(?) j JOIN run_keys k ON k.run_id=j.value ORDER BY k.run_id,k.name",
              list);
  return read_all(query, [](const Query& row) {
    return RunKey{row.id<RunId>(0),
                  {row.text(1), row.number(2), row.number(3), row.number(4), row.number(5),
                   row.number(6), row.number(7)}};
  });
}

Result<std::vector<RunCount>> SqliteStore::count_files(std::span<const RunId> runs) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  const std::string list = json_list(runs);
  Query query(*reader,
              "SELECT f.run_id,count(*) FROM json_each(?) j JOIN run_files f ON f.run_id=j.value "
              "WHERE f.object_key<>'' GROUP BY f.run_id",
              list);
  return read_all(query, [](const Query& row) {
    return RunCount{row.id<RunId>(0), row.number(1)};
  });
}

Result<std::vector<TailChunk>> SqliteStore::last_chunks(std::span<const RunId> runs,
                                                        Stream stream) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  const std::string list = json_list(runs);
  Query query(*reader,
              "SELECT c.run_id,c.stream,c.first_line,c.line_count,c.first_step,c.last_step,"
              "c.raw_bytes,c.data FROM json_each(?1) j JOIN tail_chunks c ON c.run_id=j.value AND "
              "c.stream=?2 AND c.first_line=(SELECT max(first_line) FROM tail_chunks WHERE "
              "run_id=j.value AND stream=?2)",
              list, stream);
  return read_all(query, read_chunk);
}

Result<std::vector<LastPart>> SqliteStore::last_parts(std::span<const RunId> runs,
                                                      Stream stream) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  const std::string list = json_list(runs);
  Query query(*reader,
              "SELECT p.id,p.run_id,p.stream,p.object_key,p.overview_key,p.size_bytes,p.row_count,"
              "p.line_count,p.first_line,p.end_line,p.first_step,p.last_step,p.created_at_us,"
              "p.overview FROM json_each(?1) j JOIN parts p ON p.id=(SELECT id FROM parts WHERE "
              "run_id=j.value AND stream=?2 ORDER BY end_line DESC,id DESC LIMIT 1)",
              list, stream);
  return read_all(query, [](const Query& row) { return LastPart{read_part(row), row.text(13)}; });
}

}  // namespace runstone::store::sqlite
