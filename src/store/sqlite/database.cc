#include "store/sqlite/database.h"

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
  (*opened)->count_in(statements_);
  return Lease(*this, *std::move(opened));
}

void ReaderPool::give_back(std::unique_ptr<Connection> connection) {
  {
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(connection));
  }
  returned_.notify_one();
}

}  // namespace runstone::store::sqlite
