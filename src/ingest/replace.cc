// Lines that come at numbers which the run has already: a retry changes nothing, other text
// replaces line by line, and a line that was left out by a gap is taken in.
#include <algorithm>
#include <map>
#include <utility>

#include "base/json.h"
#include "base/try.h"
#include "ingest/ingest_service.h"
#include "store/parts/overview.h"
#include "store/parts/part.h"
#include "store/parts/row_batch.h"
#include "store/tail_lines.h"

namespace runstone::ingest {
namespace {

using store::Stream;

// A chunk made anew is cut at this size.
constexpr std::size_t kChunkBytesMax = 8 << 20;

struct OldLine {
  std::string_view text;
  std::size_t capacity = 0;  // readable from text.data()
};

/// What the run has at the numbers of a request.
struct Present {
  std::vector<store::DecodedLines> decoded;  // owns the texts
  std::map<std::int64_t, OldLine> tail;      // of every chunk that the request touches
  std::vector<store::ChunkKey> chunks;
  std::map<std::int64_t, std::uint64_t> part_hashes;  // only of lines that the tail does not have
  std::vector<store::PartInfo> parts;
};

Result<Present> read_present(const store::Store& store, const objects::ObjectStore& objects,
                             store::RunId run, Stream stream, std::int64_t begin,
                             std::int64_t end) {
  Present present;
  RUNSTONE_TRY(const auto chunks, store.tail(run, stream, begin, end));
  present.decoded.reserve(chunks.size());
  for (const auto& chunk : chunks) {
    RUNSTONE_TRY(auto lines, store::DecodedLines::decode(chunk.data));
    present.decoded.push_back(std::move(lines));
    const auto& kept = present.decoded.back();
    for (std::size_t i = 0; i < kept.size(); ++i) {
      present.tail[chunk.first_line + static_cast<std::int64_t>(i)] = {kept[i],
                                                                       kept.capacity_from(i)};
    }
    present.chunks.push_back({run, stream, chunk.first_line});
  }
  if (stream == Stream::kConsole) return present;
  RUNSTONE_TRY(const auto parts, store.parts(run, stream));
  for (const auto& part : parts) {  // a later part wins, so it overwrites
    if (part.first_line >= end || part.end_line <= begin) continue;
    RUNSTONE_TRY(const auto overview, read_overview(store, objects, part));
    RUNSTONE_TRY(const auto table, parts::parse_lines(overview));
    for (std::size_t i = 0; i < table.line.size(); ++i) {
      const std::int64_t line = table.line[i];
      if (line >= begin && line < end && !present.tail.contains(line)) {
        present.part_hashes[line] = table.hash[i];
      }
    }
    present.parts.push_back(part);
  }
  return present;
}

bool same_line(Stream stream, std::string_view old_text, std::string_view new_text) {
  if (old_text == new_text) return true;
  return stream != Stream::kConsole && parts::hash_line(old_text) == parts::hash_line(new_text);
}

store::TailChunk make_chunk(store::RunId run, Stream stream, std::int64_t first_line,
                            const std::vector<OldLine>& lines) {
  store::TailChunk chunk;
  chunk.run = run;
  chunk.stream = stream;
  chunk.first_line = first_line;
  chunk.line_count = static_cast<std::int64_t>(lines.size());
  HistoryFactsReader reader;
  std::vector<std::string_view> texts;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    texts.push_back(lines[i].text);
    chunk.raw_bytes += static_cast<std::int64_t>(lines[i].text.size()) + 1;
    if (stream == Stream::kHistory) {
      reader.add(first_line + static_cast<std::int64_t>(i), lines[i].text, lines[i].capacity);
    }
  }
  if (stream == Stream::kHistory) {
    const auto facts = reader.take();
    chunk.first_step = facts.first_step;
    chunk.last_step = facts.last_step;
  }
  chunk.data = store::encode_lines(texts);
  return chunk;
}

std::vector<store::TailChunk> make_chunks(store::RunId run, Stream stream,
                                          const std::map<std::int64_t, OldLine>& lines) {
  std::vector<store::TailChunk> chunks;
  std::vector<OldLine> together;
  std::int64_t first = 0;
  std::size_t bytes = 0;
  const auto close = [&] {
    if (!together.empty()) chunks.push_back(make_chunk(run, stream, first, together));
    together.clear();
    bytes = 0;
  };
  for (const auto& [number, line] : lines) {
    const bool follows = number == first + static_cast<std::int64_t>(together.size());
    if (!together.empty() && (!follows || bytes + line.text.size() > kChunkBytesMax)) close();
    if (together.empty()) first = number;
    together.push_back(line);
    bytes += line.text.size() + 1;
  }
  close();
  return chunks;
}

/// Facts of lines that are in parts only, for taking their counts away.
Result<HistoryFacts> read_part_facts(const store::Store& store, const objects::ObjectStore& objects,
                                     const Present& present,
                                     const std::vector<std::int64_t>& numbers) {
  HistoryFactsReader reader;
  if (numbers.empty()) return reader.take();
  parts::RowBatch rows;
  for (const auto& part : present.parts) {
    RUNSTONE_TRY(const auto overview, read_overview(store, objects, part));
    RUNSTONE_TRY(auto bytes, read_part_bytes(store, objects, part));
    RUNSTONE_TRY(const auto opened,
                 parts::PartReader::open(parts::memory_source(std::move(bytes)), overview));
    RUNSTONE_TRY(opened->read_lines(rows, numbers.front(), numbers.back()));
  }
  for (const auto& row : rows.rows()) {
    if (!std::binary_search(numbers.begin(), numbers.end(), row.line)) continue;
    std::string text;
    rows.append_json(text, row);
    const std::size_t size = text.size();
    text.append(protocol::StreamLines::kPaddingBytes, '\0');
    reader.add(row.line, std::string_view(text).substr(0, size), text.size());
  }
  return reader.take();
}

}  // namespace

Result<void> IngestService::plan_replacement(const Slot& slot, PreparedStream& prepared,
                                             Round& round) {
  const Stream stream = prepared.stream;
  const std::int64_t begin = prepared.chunk.first_line, end = prepared.chunk.end_line();
  RUNSTONE_TRY(Present present, read_present(store_, objects_, slot->id, stream, begin, end));

  auto merged = present.tail;
  HistoryFactsReader removed, added;
  std::vector<std::int64_t> replaced_in_parts;
  std::vector<std::int64_t> written;
  for (std::size_t i = 0; i < prepared.lines.count(); ++i) {
    const std::int64_t number = begin + static_cast<std::int64_t>(i);
    const std::string_view text = prepared.lines.line(i);
    const auto at = static_cast<std::size_t>(text.data() - prepared.lines.text.data());
    const OldLine line{text, prepared.lines.text.size() - at};
    if (const auto old = present.tail.find(number); old != present.tail.end()) {
      if (same_line(stream, old->second.text, text)) continue;
      if (stream == Stream::kHistory) removed.add(number, old->second.text, old->second.capacity);
    } else if (const auto hash = present.part_hashes.find(number);
               hash != present.part_hashes.end()) {
      if (hash->second == parts::hash_line(text)) continue;
      replaced_in_parts.push_back(number);
    }
    if (stream == Stream::kHistory) added.add(number, text, line.capacity);
    merged[number] = line;
    written.push_back(number);
  }
  counts_.retried_lines += prepared.chunk.line_count - static_cast<std::int64_t>(written.size());
  if (written.empty()) return {};

  auto& touched = round.of(slot);
  auto& tail = slot->tail(stream);
  if (stream == Stream::kHistory) {
    RUNSTONE_TRY(const auto from_parts,
                 read_part_facts(store_, objects_, present, replaced_in_parts));
    slot->count(from_parts, -1, nullptr);
    slot->count(removed.take(), -1, nullptr);
    const HistoryFacts facts = added.take();
    slot->count(facts, 1, &touched.change.new_keys);
    slot->info.last_step = std::max(slot->info.last_step, facts.last_step);
    touched.update.last_step = slot->info.last_step;
    tail.values += facts.values;
    counts_.values += facts.values;
    touched.change.rows = true;
    // After a crash only lines past keys_through_line are counted anew, and these are before it.
    touched.write_keys = true;
  } else if (stream == Stream::kConsole && hub_.wanted()) {
    for (const std::int64_t number : written) {
      touched.change.console.emplace_back(number, merged[number].text);
    }
  }
  std::int64_t& lines = slot->lines(stream);
  lines = std::max(lines, end);
  set_lines(touched.update, stream, lines);
  tail.lines += static_cast<std::int64_t>(merged.size() - present.tail.size());
  for (const auto& [number, line] : present.tail) {
    tail.raw_bytes -= static_cast<std::int64_t>(line.text.size()) + 1;
  }
  for (const auto& key : present.chunks) round.batch.remove_chunks.push_back(key);
  for (auto& chunk : make_chunks(slot->id, stream, merged)) {
    tail.raw_bytes += chunk.raw_bytes;
    round.batch.put_chunks.push_back(std::move(chunk));
  }
  ++tail.version;
  // Removals of a batch come before its additions; a second replacement must see this one's result.
  return commit_round(round);
}

}  // namespace runstone::ingest
