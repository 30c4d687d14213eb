#pragma once

#include "store/records.h"
#include "store/sqlite/connection.h"

namespace runstone::store::sqlite {

// The first columns of a statement, as records: of tail_chunks (run_id, stream, first_line,
// line_count, first_step, last_step, raw_bytes, then data), and of parts (id to created_at_us).
inline TailChunk read_chunk_index(const Query& row) {
  TailChunk chunk;
  chunk.run = row.id<RunId>(0);
  chunk.stream = row.id<Stream>(1);
  chunk.first_line = row.number(2);
  chunk.line_count = row.number(3);
  chunk.first_step = row.number(4);
  chunk.last_step = row.number(5);
  chunk.raw_bytes = row.number(6);
  return chunk;
}

inline TailChunk read_chunk(const Query& row) {
  TailChunk chunk = read_chunk_index(row);
  chunk.data = row.text(7);
  return chunk;
}

inline PartInfo read_part(const Query& row) {
  PartInfo part;
  part.id = row.id<PartId>(0);
  part.run = row.id<RunId>(1);
  part.stream = row.id<Stream>(2);
  part.object_key = row.text(3);
  part.overview_key = row.text(4);
  part.size_bytes = row.number(5);
  part.row_count = row.number(6);
  part.line_count = row.number(7);
  part.first_line = row.number(8);
  part.end_line = row.number(9);
  part.first_step = row.number(10);
  part.last_step = row.number(11);
  part.created_at_us = row.number(12);
  return part;
}

}  // namespace runstone::store::sqlite
