#pragma once

#include <filesystem>
#include <memory>

#include "store/store.h"

namespace runstone::store::sqlite {

struct OpenOptions {
  int reader_connections = 4;  ///< reads beyond that many wait for one another
  int writer_cache_kib = 4096;
  int reader_cache_kib = 1024;
  bool migrate = true;  ///< false: kFailedPrecondition for any schema but the newest
};

/// Opens the database file, made and migrated if need be. WAL with synchronous=FULL: a write that
/// returned survives a power cut. One process writes at a time; others may read and wait.
/// Errors: kFailedPrecondition for a newer schema, kCorrupt, kIo.
Result<std::unique_ptr<Store>> open_store(const std::filesystem::path& file,
                                          OpenOptions options = {});

}  // namespace runstone::store::sqlite
