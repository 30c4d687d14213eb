#include "store/sqlite/sqlite_store.h"

#include <utility>

#include "base/try.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/engine.h"
#include "store/sqlite/schema.h"

namespace runstone::store::sqlite {

Result<std::unique_ptr<Store>> open_store(const std::filesystem::path& file, OpenOptions options) {
  const std::string name = file.string();
  RUNSTONE_TRY(auto writer,
               Connection::open(name, {.read_only = false, .cache_kib = options.writer_cache_kib}));
  // The page size and auto_vacuum count only before the first table. Pages of 8 KiB suit chunks of
  // tens of kilobytes; a checkpoint each 16 MiB of log keeps its own fsyncs rare under load.
  RUNSTONE_TRY(writer->execute(
      "PRAGMA page_size=8192; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL;"
      "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=2048; PRAGMA journal_size_limit=67108864;"
      "PRAGMA temp_store=MEMORY;"));
  RUNSTONE_TRY(options.migrate ? migrate(*writer, name) : check_version(*writer));
  return std::unique_ptr<Store>(std::make_unique<SqliteStore>(std::move(writer), name, options));
}

}  // namespace runstone::store::sqlite
