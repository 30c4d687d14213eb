// Writes the corpora that are made by the code which they test, below the folder named.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "base/assert.h"
#include "base/json.h"
#include "corpus.h"
#include "fs/memory_file_system.h"
#include "journal/journal_writer.h"
#include "protocol/record.h"
#include "store/parts/part.h"
#include "store/parts/sample_lines.h"

using namespace runstone;

namespace {

std::string record(std::int64_t number, protocol::RecordBody body) {
  std::string bytes;
  protocol::encode_record(bytes, {number, std::move(body)});
  return bytes;
}

/// Small records, and one that goes over several blocks of the file.
std::string journal_file(std::size_t long_bytes) {
  fs::MemoryFileSystem disk;
  const fs::Path path = "run.wandb";
  auto writer = journal::JournalWriter::create(disk, path);
  RUNSTONE_ASSERT(writer.has_value());
  protocol::HistoryRecord row;
  row.items.resize(1);
  row.items[0].path = {"net", "loss"};
  row.items[0].value = 0.5;
  const auto history = record(1, row);
  RUNSTONE_ASSERT(writer->append(history).has_value());
  RUNSTONE_ASSERT(writer->append(std::string(long_bytes, 'x')).has_value());
  RUNSTONE_ASSERT(writer->append(record(3, protocol::ExitRecord{})).has_value());
  RUNSTONE_ASSERT(std::move(*writer).close().has_value());
  return disk.content(path);
}

std::string part_file(int lines) {
  std::mt19937_64 random(7);
  parts::RowBatch batch;
  for (int line = 0; line < lines; ++line) {
    Dict row = parts::random_row(random);
    row.set("_step", line);
    RUNSTONE_ASSERT(batch.add_line(line, json::to_text(Value(row))).has_value());
  }
  const auto made = parts::write_part(batch);
  RUNSTONE_ASSERT(made.has_value());
  const auto length = made->overview.size();
  std::string bytes;
  for (const int shift : {0, 8, 16, 24}) bytes += static_cast<char>(length >> shift & 0xff);
  return bytes + made->overview + made->parquet;
}

}  // namespace

void write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_fuzz_corpus FOLDER\n");
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  write_file(folder / "journal" / "small", journal_file(10));
  write_file(folder / "journal" / "blocks", journal_file(40'000));
  write_file(folder / "part" / "one_line", part_file(1));
  write_file(folder / "part" / "forty_lines", part_file(40));
  write_records(folder / "record");
  write_events(folder / "tfevents");
  write_pictures(folder / "picture");
  write_c_calls(folder / "c_api");
  return 0;
}
