#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/try.h"
#include "store/sqlite/connection.h"

namespace runstone::store::sqlite {

/// A bounded set of read connections, opened when first needed.
class ReaderPool {
 public:
  ReaderPool(std::string file, int connections_max, int cache_kib, StatementCounter& statements)
      : file_(std::move(file)),
        connections_max_(connections_max),
        cache_kib_(cache_kib),
        statements_(statements) {}

  /// A connection for one thread; goes back when the lease ends.
  class Lease {
   public:
    Lease(ReaderPool& pool, std::unique_ptr<Connection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&&) = default;
    ~Lease() {
      if (connection_) pool_->give_back(std::move(connection_));
    }
    Connection& operator*() { return *connection_; }

   private:
    ReaderPool* pool_;
    std::unique_ptr<Connection> connection_;
  };
  /// Waits while all are lent.
  Result<Lease> lend();

 private:
  void give_back(std::unique_ptr<Connection> connection);

  const std::string file_;
  const int connections_max_;
  const int cache_kib_;
  StatementCounter& statements_;
  std::mutex mutex_;
  std::condition_variable returned_;
  int opened_ = 0;
  std::vector<std::unique_ptr<Connection>> idle_;
};

/// One SQLite file: the connection that writes, under its mutex, and those that read. The stores of
/// all subjects share it, so a transaction of one never meets a lock of another.
struct Database {
  Database(std::unique_ptr<Connection> the_writer, std::string file, int readers_max,
           int reader_cache_kib)
      : writer(std::move(the_writer)),
        readers(std::move(file), readers_max, reader_cache_kib, statements) {
    writer->count_in(statements);
  }

  StatementCounter statements{0};  ///< begun on any of its connections; outlives them
  std::mutex writer_mutex;         ///< held for a whole transaction
  std::unique_ptr<Connection> writer;
  ReaderPool readers;
};

inline Failure missing(const char* what) {
  return fail(ErrorCode::kNotFound, std::string("no such ") + what);
}
inline Failure taken(const char* what, std::string_view name) {
  return fail(ErrorCode::kConflict,
              std::string(what) + " " + std::string(name) + " exists already");
}

/// All rows of a query, each made by `read(query)`.
template <typename Read>
auto read_all(Query& query, Read read) -> Result<std::vector<decltype(read(query))>> {
  std::vector<decltype(read(query))> all;
  while (true) {
    auto more = query.next();
    if (!more) return fail(std::move(more).error());
    if (!*more) return all;
    all.push_back(read(query));
  }
}
/// The one row of a query, or kNotFound.
template <typename Read>
auto read_one(Query& query, const char* what, Read read) -> Result<decltype(read(query))> {
  auto more = query.next();
  if (!more) return fail(std::move(more).error());
  if (!*more) return missing(what);
  return read(query);
}

}  // namespace runstone::store::sqlite
