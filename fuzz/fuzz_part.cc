// Parquet parts: the first four bytes (little endian) say how long the overview is, which follows;
// the Parquet file is the rest. The Parquet library is not instrumented: what it does with bytes
// that pass our checksums is its own affair.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "store/parts/part.h"

using namespace runstone;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  const std::size_t wanted = data[0] | data[1] << 8 | data[2] << 16;
  const std::size_t length = std::min(wanted, size - 4);
  const std::string overview(reinterpret_cast<const char*>(data) + 4, length);
  std::string parquet(reinterpret_cast<const char*>(data) + 4 + length, size - 4 - length);
  // Lines as they come, for the reader that parts are made with.
  parts::RowBatch made;
  discard(made.add_line(0, parquet.substr(0, 1000)), "most are no lines");
  const auto part = parts::PartReader::open(parts::memory_source(std::move(parquet)), overview);
  if (!part) return 0;
  parts::RowBatch rows;
  discard((*part)->read_lines(rows, 0, std::numeric_limits<std::int64_t>::max()), "may be damaged");
  for (const auto& key : (*part)->overview().keys()) {
    discard((*part)->read_numbers(key), "may be damaged");
  }
  discard((*part)->line_hashes(), "may be damaged");
  return 0;
}
