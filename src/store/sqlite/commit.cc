#include <set>

#include "base/try.h"
#include "store/sqlite/engine.h"

namespace runstone::store::sqlite {
namespace {

/// Which of the runs a batch names are still there; each is asked for once.
class KnownRuns {
 public:
  explicit KnownRuns(Connection& connection) : connection_(connection) {}
  Result<bool> has(RunId run) {
    if (there_.contains(run)) return true;
    if (gone_.contains(run)) return false;
    Query query(connection_, "SELECT 1 FROM runs WHERE id=?", run);
    RUNSTONE_TRY(const bool found, query.next());
    (found ? there_ : gone_).insert(run);
    return found;
  }

 private:
  Connection& connection_;
  std::set<RunId> there_, gone_;
};

Result<void> put_chunk(Connection& writer, const TailChunk& chunk) {
  return Query(writer,
               "INSERT OR REPLACE INTO tail_chunks (run_id,stream,first_line,line_count,first_step,"
               "last_step,raw_bytes,data) VALUES (?,?,?,?,?,?,?,?)",
               chunk.run, chunk.stream, chunk.first_line, chunk.line_count, chunk.first_step,
               chunk.last_step, chunk.raw_bytes, Blob{chunk.data})
      .run();
}

Result<void> add_part(Connection& writer, const NewPart& part) {
  const PartInfo& info = part.info;
  return Query(writer,
               "INSERT INTO parts (run_id,stream,object_key,overview_key,size_bytes,row_count,"
               "line_count,first_line,end_line,first_step,last_step,created_at_us,overview,bytes) "
               "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
               info.run, info.stream, info.object_key, info.overview_key, info.size_bytes,
               info.row_count, info.line_count, info.first_line, info.end_line, info.first_step,
               info.last_step, info.created_at_us, Blob{part.overview}, Blob{part.bytes})
      .run();
}

Result<void> put_key(Connection& writer, RunId run, const KeyInfo& key) {
  if (key.count() == 0) {
    return Query(writer, "DELETE FROM run_keys WHERE run_id=? AND name=?", run, key.name).run();
  }
  return Query(writer,
               "INSERT OR REPLACE INTO run_keys (run_id,name,numbers,strings,bools,media,others,"
               "last_step) VALUES (?,?,?,?,?,?,?,?)",
               run, key.name, key.numbers, key.strings, key.bools, key.media, key.others,
               key.last_step)
      .run();
}

Result<void> put_file(Connection& writer, RunId run, const RunFile& file) {
  return Query(writer,
               "INSERT OR REPLACE INTO run_files (run_id,name,object_key,size_bytes,md5_base64,"
               "mimetype,updated_at_us) VALUES (?,?,?,?,?,?,?)",
               run, file.name, file.object_key, file.size_bytes, file.md5_base64, file.mimetype,
               file.updated_at_us)
      .run();
}

Result<void> put_shared_body(Connection& writer, const SharedBody& body) {
  RUNSTONE_TRY(Query(writer,
                     "INSERT OR REPLACE INTO shared_bodies (run_id,writer,hash) VALUES (?,?,?)",
                     body.run, body.writer, body.hash)
                   .run());
  return Query(writer,
               "DELETE FROM shared_bodies WHERE run_id=?1 AND writer=?2 AND id NOT IN (SELECT id "
               "FROM shared_bodies WHERE run_id=?1 AND writer=?2 ORDER BY id DESC LIMIT ?3)",
               body.run, body.writer, kSharedBodiesKept)
      .run();
}

}  // namespace

Result<void> SqliteStore::commit(const Batch& batch) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(auto transaction, Transaction::begin(*db_.writer));
  KnownRuns runs(*db_.writer);
  for (const auto& key : batch.remove_chunks) {
    RUNSTONE_TRY(Query(*db_.writer,
                       "DELETE FROM tail_chunks WHERE run_id=? AND stream=? AND first_line=?",
                       key.run, key.stream, key.first_line)
                     .run());
  }
  for (const PartId part : batch.remove_parts) {
    RUNSTONE_TRY(Query(*db_.writer, "DELETE FROM parts WHERE id=?", part).run());
  }
  for (const auto& chunk : batch.put_chunks) {
    RUNSTONE_TRY(const bool there, runs.has(chunk.run));
    if (there) RUNSTONE_TRY(put_chunk(*db_.writer, chunk));
  }
  for (const auto& part : batch.add_parts) {
    RUNSTONE_TRY(const bool there, runs.has(part.info.run));
    if (there) RUNSTONE_TRY(add_part(*db_.writer, part));
  }
  for (const auto& update : batch.keys) {
    RUNSTONE_TRY(const bool there, runs.has(update.run));
    if (!there) continue;
    for (const auto& key : update.keys) RUNSTONE_TRY(put_key(*db_.writer, update.run, key));
  }
  for (const auto& update : batch.files) {
    RUNSTONE_TRY(const bool there, runs.has(update.run));
    if (there) RUNSTONE_TRY(put_file(*db_.writer, update.run, update.file));
  }
  for (const auto& body : batch.shared_bodies) {
    RUNSTONE_TRY(const bool there, runs.has(body.run));
    if (there) RUNSTONE_TRY(put_shared_body(*db_.writer, body));
  }
  for (const auto& update : batch.runs) {
    RUNSTONE_TRY(const bool there, runs.has(update.run));
    if (there) RUNSTONE_TRY(update_run(update));
  }
  return transaction.commit();
}

}  // namespace runstone::store::sqlite
