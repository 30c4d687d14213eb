#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runstone/result.h"

#include "objects/object_store.h"
#include "query/lru_cache.h"
#include "store/parts/part.h"
#include "store/store.h"

namespace runstone::query {

using RowsPointer = std::shared_ptr<const parts::RowBatch>;  // shared by the cache and its readers
using PartPointer = std::shared_ptr<const parts::PartReader>;

/// One part as it counts in a view.
struct ViewPart {
  std::string cache_key;
  PartPointer reader;
  store::PartInfo info;
  /// Lines of it that the tail or a later part has as well, ascending. Nearly always empty: then
  /// the overview's statistics hold.
  std::vector<std::int64_t> hidden;

  bool is_hidden(std::int64_t line) const;
};

/// The lines of a stream at one moment: parts by first line, and the tail decoded. Immutable.
struct StreamView {
  std::vector<ViewPart> parts;
  std::vector<RowsPointer> tail;  ///< segments, each line in one of them

  std::int64_t line_count() const;
  std::int64_t last_step() const;  ///< -1 if there are no lines
};

/// Opens views. Keeps opened parts, decoded parts and decoded tails, each within a bound.
class StreamReader {
 public:
  StreamReader(const store::Store& store, const objects::ObjectStore& objects,
               std::int64_t part_cache_bytes, std::int64_t tail_cache_bytes);

  Result<StreamView> open(const store::RunInfo& run, store::Stream stream) const;
  /// A view that has at least all rows with a step greater than `after`, for following a live run:
  /// what else there is is neither read nor opened where the store's index tells it apart.
  Result<StreamView> open_after(const store::RunInfo& run, store::Stream stream,
                                std::int64_t after) const;
  /// A view that has at least all rows with min_step <= step < end_step, for a scan by pages: of a
  /// long run a page reads only the chunks and parts that it needs.
  Result<StreamView> open_range(const store::RunInfo& run, store::Stream stream,
                                std::int64_t min_step, std::int64_t end_step) const;
  /// All lines of a part, decoded; kept for the next page of a scan.
  Result<RowsPointer> rows(const ViewPart& part) const;

 private:
  /// A tail as it was last decoded. `chunks` says from what, so that growth decodes only what is
  /// new.
  struct Tail {
    struct Chunk {
      std::int64_t first_line = 0, line_count = 0;
      std::uint64_t hash = 0;
      friend bool operator==(const Chunk&, const Chunk&) = default;
    };
    std::vector<Chunk> chunks;
    std::vector<RowsPointer> segments;
  };
  using TailPointer = std::shared_ptr<const Tail>;

  Result<ViewPart> view_part(const store::RunInfo& run, const store::PartInfo& info) const;
  Result<PartPointer> open_part(const std::string& cache_key, const store::PartInfo& info) const;
  Result<RowsPointer> decode_chunk(const store::TailChunk& chunk) const;
  Result<TailPointer> decode_tail(const store::RunInfo& run, store::Stream stream,
                                  const std::vector<store::TailChunk>& chunks) const;
  Result<void> hide_lines(StreamView& view) const;

  const store::Store& store_;
  const objects::ObjectStore& objects_;
  mutable LruCache<PartPointer> parts_;
  mutable LruCache<RowsPointer> decoded_parts_;
  mutable LruCache<TailPointer> tails_;
  mutable LruCache<RowsPointer> decoded_chunks_;  // of views that have only the end of a tail
};

}  // namespace runstone::query
