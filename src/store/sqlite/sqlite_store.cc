#include "store/sqlite/sqlite_store.h"

#include <utility>

#include "base/try.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/engine.h"
#include "store/sqlite/schema.h"

namespace runstone::store::sqlite {

Result<ReaderPool::Lease> ReaderPool::lend() {
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [this] { return !idle_.empty() || opened_ < connections_max_; });
  if (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    return Lease(*this, std::move(connection));
  }
  ++opened_;
  lock.unlock();
  auto opened = Connection::open(file_, {.read_only = true, .cache_kib = cache_kib_});
  if (!opened) {
    lock.lock();
    --opened_;
    returned_.notify_one();
    return fail(std::move(opened).error());
  }
  return Lease(*this, *std::move(opened));
}

void ReaderPool::give_back(std::unique_ptr<Connection> connection) {
  {
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(connection));
  }
  returned_.notify_one();
}

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
  RUNSTONE_TRY(migrate(*writer));
  return std::unique_ptr<Store>(std::make_unique<SqliteStore>(std::move(writer), name, options));
}

}  // namespace runstone::store::sqlite
