#include "store/sqlite/connection.h"

#include <utility>

#include "base/try.h"

namespace runstone::store::sqlite {
namespace {

// Another process (`runstone key`, a backup) may hold the lock for a moment.
constexpr int kBusyTimeoutMs = 15'000;

ErrorCode to_code(int code) {
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
      return ErrorCode::kConflict;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::kCorrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorCode::kUnavailable;
    case SQLITE_FULL:
    case SQLITE_TOOBIG:
      return ErrorCode::kResourceExhausted;
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_ERROR:
      return ErrorCode::kInternal;
    default:
      return ErrorCode::kIo;
  }
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const std::string& file, Options options) {
  sqlite3* handle = nullptr;
  const int flags =
      (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
      SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
  if (handle == nullptr) return fail(ErrorCode::kResourceExhausted, "SQLite: out of memory");
  std::unique_ptr<Connection> connection(new Connection(handle));
  if (code != SQLITE_OK) return fail(connection->last_error().with_context(file));
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  const std::string cache = "PRAGMA cache_size=-" + std::to_string(options.cache_kib);
  RUNSTONE_TRY(connection->execute(cache.c_str()));
  return connection;
}

Connection::~Connection() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

Result<void> Connection::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return fail(last_error());
  }
  return {};
}

sqlite3_stmt* Connection::prepare(const char* sql) {
  if (counter_ != nullptr) counter_->fetch_add(1, std::memory_order_relaxed);
  const auto [place, is_new] = statements_.try_emplace(sql, nullptr);
  if (place->second == nullptr) {
    sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &place->second, nullptr);
  }
  return place->second;
}

Error Connection::last_error() const {
  return Error(to_code(sqlite3_extended_errcode(handle_)),
               std::string("SQLite: ") + sqlite3_errmsg(handle_));
}

Result<bool> Query::next() {
  if (statement_ == nullptr) return fail(connection_.last_error());
  switch (sqlite3_step(statement_)) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      return fail(connection_.last_error());
  }
}

Result<void> Query::run() {
  RUNSTONE_TRY(next());
  return {};
}

std::string Query::text(int column) const {
  const auto* const bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  if (bytes == nullptr) return {};
  return std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

Result<Transaction> Transaction::begin(Connection& connection, bool write) {
  RUNSTONE_TRY(Query(connection, write ? "BEGIN IMMEDIATE" : "BEGIN").run());
  return Transaction(connection);
}

Transaction::~Transaction() {
  if (connection_ == nullptr) return;
  discard(Query(*connection_, "ROLLBACK").run(),
          "the engine rolls back by itself after the errors for which this fails");
}

Result<void> Transaction::commit() {
  RUNSTONE_TRY(Query(*connection_, "COMMIT").run());
  connection_ = nullptr;
  return {};
}

}  // namespace runstone::store::sqlite
