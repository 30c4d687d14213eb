#include "query/stream_view.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <xxhash.h>

#include "base/try.h"
#include "store/tail_lines.h"

namespace runstone::query {
namespace {

/// A part's bytes where the object store has no files.
class ObjectSource : public parts::ByteSource {
 public:
  ObjectSource(const objects::ObjectStore& objects, std::string key, std::int64_t size)
      : objects_(objects), key_(std::move(key)), size_(size) {}
  std::int64_t size() const override { return size_; }
  Result<std::string> read(std::int64_t offset, std::int64_t length) const override {
    RUNSTONE_TRY(auto bytes, objects_.get_range(key_, offset, length));
    if (static_cast<std::int64_t>(bytes.size()) != length) {
      return fail(ErrorCode::kCorrupt, "part " + key_ + " is shorter than it should be");
    }
    return bytes;
  }

 private:
  const objects::ObjectStore& objects_;
  std::string key_;
  std::int64_t size_;
};

// More chunks than these are joined rather than looked through one by one.
constexpr std::int64_t kMaxLooseChunks = 64;

/// Whether a row of the chunk can have a step greater than `after`. A row without `_step` has its
/// line number for one; of events the store keeps no steps.
bool may_follow(const store::TailChunk& chunk, std::int64_t after) {
  return chunk.stream != store::Stream::kHistory ||
         std::max(chunk.last_step, chunk.end_line() - 1) > after;
}

/// Whether a row of the chunk can have a step in [min_step, end_step); likewise.
bool may_be_in(const store::TailChunk& chunk, std::int64_t min_step, std::int64_t end_step) {
  if (chunk.stream != store::Stream::kHistory) return true;
  const bool by_step = chunk.first_step < end_step && chunk.last_step >= min_step;
  const bool by_line = chunk.first_line < end_step && chunk.end_line() - 1 >= min_step;
  return by_step || by_line;
}

template <typename A, typename B>
bool overlap(const A& a, std::int64_t a_end, const B& b, std::int64_t b_end) {
  return a.first_line < b_end && b.first_line < a_end;
}

bool has_line(const std::vector<RowsPointer>& tail, std::int64_t line) {
  return std::any_of(tail.begin(), tail.end(),
                     [&](const RowsPointer& rows) { return rows->find_row(line) != nullptr; });
}

/// Joins the newest segments while they are of like size: then there are few of them, and each line
/// is copied only a logarithmic number of times while a tail grows.
void join_segments(std::vector<RowsPointer>& segments) {
  while (segments.size() > 1) {
    const auto& last = segments.back();
    const auto& before = segments[segments.size() - 2];
    if (last->rows().size() * 2 < before->rows().size()) return;
    auto joined = std::make_shared<parts::RowBatch>();
    joined->append(*before);
    joined->append(*last);
    segments.pop_back();
    segments.back() = std::move(joined);
  }
}

}  // namespace

bool ViewPart::is_hidden(std::int64_t line) const {
  return !hidden.empty() && std::binary_search(hidden.begin(), hidden.end(), line);
}

std::int64_t StreamView::line_count() const {
  std::int64_t count = 0;
  for (const auto& part : parts) {
    count += part.reader->info().lines - static_cast<std::int64_t>(part.hidden.size());
  }
  for (const auto& rows : tail) count += static_cast<std::int64_t>(rows->rows().size());
  return count;
}

std::int64_t StreamView::last_step() const {
  std::int64_t last = -1;
  for (const auto& part : parts) last = std::max(last, part.reader->info().last_step);
  for (const auto& rows : tail) {
    for (const auto& row : rows->rows()) last = std::max(last, row.step);
  }
  return last;
}

StreamReader::StreamReader(const store::Store& store, const objects::ObjectStore& objects,
                           std::int64_t part_cache_bytes, std::int64_t tail_cache_bytes)
    : store_(store),
      objects_(objects),
      parts_(part_cache_bytes),
      decoded_parts_(part_cache_bytes),
      tails_(tail_cache_bytes),
      decoded_chunks_(tail_cache_bytes / 4) {}

Result<PartPointer> StreamReader::open_part(const std::string& cache_key,
                                            const store::PartInfo& info) const {
  if (auto part = parts_.find(cache_key)) return part;
  std::unique_ptr<parts::ByteSource> source;
  if (info.object_key.empty()) {
    RUNSTONE_TRY(auto bytes, store_.part_bytes(info.id));
    source = parts::memory_source(std::move(bytes));
  } else {
    RUNSTONE_TRY(const auto path, objects_.local_path(info.object_key));
    if (path.empty()) {
      source = std::make_unique<ObjectSource>(objects_, info.object_key, info.size_bytes);
    } else {
      RUNSTONE_TRY(source, parts::file_source(path.string()));
    }
  }
  RUNSTONE_TRY(const auto overview, info.overview_key.empty() ? store_.part_overview(info.id)
                                                              : objects_.get(info.overview_key));
  RUNSTONE_TRY(auto part, parts::PartReader::open(std::move(source), overview));
  const std::int64_t in_memory = info.object_key.empty() ? info.size_bytes : 0;
  parts_.put(cache_key, part, part->memory_bytes() + in_memory);
  return part;
}

Result<RowsPointer> StreamReader::rows(const ViewPart& part) const {
  if (auto rows = decoded_parts_.find(part.cache_key)) return rows;
  auto rows = std::make_shared<parts::RowBatch>();
  RUNSTONE_TRY(part.reader->read_lines(*rows, part.info.first_line, part.info.end_line));
  decoded_parts_.put(part.cache_key, rows, static_cast<std::int64_t>(rows->memory_bytes()));
  return RowsPointer(rows);
}

Result<StreamReader::TailPointer> StreamReader::decode_tail(
    const store::RunInfo& run, store::Stream stream,
    const std::vector<store::TailChunk>& chunks) const {
  const std::string key =
      std::to_string(store::to_number(run.id)) + "/" + std::to_string(static_cast<int>(stream));
  auto tail = std::make_shared<Tail>();
  bool disjoint = true;
  for (const auto& chunk : chunks) {
    if (!tail->chunks.empty() &&
        chunk.first_line < tail->chunks.back().first_line + tail->chunks.back().line_count) {
      disjoint = false;
    }
    tail->chunks.push_back(
        {chunk.first_line, chunk.line_count, XXH3_64bits(chunk.data.data(), chunk.data.size())});
  }
  std::size_t known = 0;
  if (const auto before = tails_.find(key)) {
    if (before->chunks == tail->chunks) return before;
    const bool grown =
        disjoint && before->chunks.size() < tail->chunks.size() &&
        std::equal(before->chunks.begin(), before->chunks.end(), tail->chunks.begin());
    if (grown) {
      known = before->chunks.size();
      tail->segments = before->segments;
    }
  }
  auto rows = std::make_shared<parts::RowBatch>();
  for (std::size_t i = known; i < chunks.size(); ++i) {
    RUNSTONE_TRY(const auto lines, store::DecodedLines::decode(chunks[i].data));
    for (std::size_t line = 0; line < lines.size(); ++line) {
      rows->add_line_or_keep(chunks[i].first_line + static_cast<std::int64_t>(line), lines[line]);
    }
  }
  if (!rows->rows().empty()) tail->segments.push_back(std::move(rows));
  join_segments(tail->segments);
  std::int64_t bytes = 0;
  for (const auto& segment : tail->segments)
    bytes += static_cast<std::int64_t>(segment->memory_bytes());
  tails_.put(key, tail, bytes);
  return TailPointer(tail);
}

Result<void> StreamReader::hide_lines(StreamView& view) const {
  for (auto& part : view.parts) {
    const auto overlaps = [&](std::int64_t first, std::int64_t last) {
      return first < part.info.end_line && last >= part.info.first_line;
    };
    std::vector<const ViewPart*> later;
    for (const auto& other : view.parts) {
      if (store::to_number(other.info.id) > store::to_number(part.info.id) &&
          overlaps(other.info.first_line, other.info.end_line - 1)) {
        later.push_back(&other);
      }
    }
    bool in_tail = false;
    for (const auto& rows : view.tail) {
      in_tail |= overlaps(rows->rows().front().line, rows->rows().back().line);
    }
    if (later.empty() && !in_tail) continue;
    RUNSTONE_TRY(const auto own, part.reader->lines());
    std::vector<std::int64_t> hidden;
    for (const auto line : own.line) {
      if (has_line(view.tail, line)) hidden.push_back(line);
    }
    for (const auto* other : later) {
      RUNSTONE_TRY(const auto theirs, other->reader->lines());
      std::set_intersection(own.line.begin(), own.line.end(), theirs.line.begin(),
                            theirs.line.end(), std::back_inserter(hidden));
    }
    std::sort(hidden.begin(), hidden.end());
    hidden.erase(std::unique(hidden.begin(), hidden.end()), hidden.end());
    part.hidden = std::move(hidden);
  }
  return {};
}

Result<ViewPart> StreamReader::view_part(const store::RunInfo& run,
                                         const store::PartInfo& info) const {
  // Ids could be given anew after a restore; time and size tell such parts apart.
  const std::string key = std::to_string(store::to_number(info.id)) + "/" +
                          std::to_string(info.created_at_us) + "/" +
                          std::to_string(info.size_bytes) + "/" + info.object_key;
  auto reader = open_part(key, info);
  if (!reader) {
    return fail(std::move(reader).error().with_context("run " + run.name + ", part " +
                                                       std::to_string(store::to_number(info.id))));
  }
  return ViewPart{key, *std::move(reader), info, {}};
}

Result<StreamView> StreamReader::open(const store::RunInfo& run, store::Stream stream) const {
  RUNSTONE_TRY(const auto lines, store_.lines(run.id, stream));
  StreamView view;
  for (const auto& info : lines.parts) {
    RUNSTONE_TRY(auto part, view_part(run, info));
    view.parts.push_back(std::move(part));
  }
  RUNSTONE_TRY(const auto tail, decode_tail(run, stream, lines.tail));
  view.tail = tail->segments;
  RUNSTONE_TRY(hide_lines(view));
  return view;
}

Result<RowsPointer> StreamReader::decode_chunk(const store::TailChunk& chunk) const {
  const std::string key = std::to_string(store::to_number(chunk.run)) + "/" +
                          std::to_string(static_cast<int>(chunk.stream)) + "/" +
                          std::to_string(chunk.first_line) + "/" +
                          std::to_string(XXH3_64bits(chunk.data.data(), chunk.data.size()));
  if (auto rows = decoded_chunks_.find(key)) return rows;
  auto rows = std::make_shared<parts::RowBatch>();
  RUNSTONE_TRY(const auto lines, store::DecodedLines::decode(chunk.data));
  for (std::size_t line = 0; line < lines.size(); ++line) {
    rows->add_line_or_keep(chunk.first_line + static_cast<std::int64_t>(line), lines[line]);
  }
  decoded_chunks_.put(key, rows, static_cast<std::int64_t>(rows->memory_bytes()));
  return RowsPointer(rows);
}

Result<StreamView> StreamReader::open_after(const store::RunInfo& run, store::Stream stream,
                                            std::int64_t after) const {
  // The tail before the parts: what a compaction moves in between is in both then, never in none.
  RUNSTONE_TRY(const auto index, store_.tail_index(run.id, stream));
  const auto first = std::find_if(index.begin(), index.end(),
                                  [&](const auto& chunk) { return may_follow(chunk, after); });
  if (index.end() - first > kMaxLooseChunks) return open(run, stream);
  std::vector<store::TailChunk> chunks;
  if (first != index.end()) {
    RUNSTONE_TRY(chunks, store_.tail(run.id, stream, first->first_line,
                                     std::numeric_limits<std::int64_t>::max()));
  }
  RUNSTONE_TRY(const auto parts, store_.parts(run.id, stream));
  StreamView view;
  for (const auto& info : parts) {
    if (info.last_step <= after) continue;
    // Lines of it that are replaced by what was left out above must not come back: rare, and then
    // all is read.
    for (auto chunk = index.begin(); chunk != first; ++chunk) {
      if (overlap(info, info.end_line, *chunk, chunk->end_line())) return open(run, stream);
    }
    for (const auto& other : parts) {
      if (other.last_step <= after && overlap(info, info.end_line, other, other.end_line)) {
        return open(run, stream);
      }
    }
    RUNSTONE_TRY(auto part, view_part(run, info));
    view.parts.push_back(std::move(part));
  }
  for (const auto& chunk : chunks) {
    RUNSTONE_TRY(auto rows, decode_chunk(chunk));
    if (!rows->rows().empty()) view.tail.push_back(std::move(rows));
  }
  RUNSTONE_TRY(hide_lines(view));
  return view;
}

Result<StreamView> StreamReader::open_range(const store::RunInfo& run, store::Stream stream,
                                            std::int64_t min_step, std::int64_t end_step) const {
  using Limits = std::numeric_limits<std::int64_t>;
  if (min_step == Limits::min() && end_step == Limits::max()) return open(run, stream);
  // The tail before the parts, as in open_after().
  RUNSTONE_TRY(const auto index, store_.tail_index(run.id, stream));
  std::vector<store::TailChunk> chunks, left_out;
  for (const auto& chunk : index) {
    (may_be_in(chunk, min_step, end_step) ? chunks : left_out).push_back(chunk);
  }
  if (static_cast<std::int64_t>(chunks.size()) > kMaxLooseChunks) return open(run, stream);
  if (!chunks.empty()) {
    // They mostly lie side by side; what is between them is read, too, but not decoded.
    RUNSTONE_TRY(auto read,
                 store_.tail(run.id, stream, chunks.front().first_line, chunks.back().end_line()));
    std::erase_if(read, [&](const auto& chunk) { return !may_be_in(chunk, min_step, end_step); });
    chunks = std::move(read);
  }
  RUNSTONE_TRY(const auto parts, store_.parts(run.id, stream));
  StreamView view;
  const auto may_have = [&](const store::PartInfo& part) {
    return part.last_step >= min_step && part.first_step < end_step;
  };
  for (const auto& info : parts) {
    if (!may_have(info)) continue;
    // Lines of it that are replaced by what is left out must not come back: then all is read.
    const bool replaced =
        std::any_of(left_out.begin(), left_out.end(),
                    [&](const auto& chunk) {
                      return overlap(info, info.end_line, chunk, chunk.end_line());
                    }) ||
        std::any_of(parts.begin(), parts.end(), [&](const auto& other) {
          return !may_have(other) && overlap(info, info.end_line, other, other.end_line);
        });
    if (replaced) return open(run, stream);
    RUNSTONE_TRY(auto part, view_part(run, info));
    view.parts.push_back(std::move(part));
  }
  for (const auto& chunk : chunks) {
    RUNSTONE_TRY(auto rows, decode_chunk(chunk));
    if (!rows->rows().empty()) view.tail.push_back(std::move(rows));
  }
  RUNSTONE_TRY(hide_lines(view));
  return view;
}

}  // namespace runstone::query
