#pragma once

#include <sqlite3.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "runstone/result.h"
#include "store/ids.h"

namespace runstone::store::sqlite {

/// How many statements were begun; shared by the connections of a database.
using StatementCounter = std::atomic<std::int64_t>;

/// One connection and its prepared statements. One thread at a time.
class Connection {
 public:
  struct Options {
    bool read_only = false;
    int cache_kib = 1024;  ///< bound of its page cache
  };
  static Result<std::unique_ptr<Connection>> open(const std::string& file, Options options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Runs statements without arguments or rows; for schema and pragmas.
  Result<void> execute(const char* sql);
  /// Prepared once, kept. Null on an error, which last_error() has. `sql` must be a literal.
  sqlite3_stmt* prepare(const char* sql);
  /// From here on its statements are counted there, too.
  void count_in(StatementCounter& counter) { counter_ = &counter; }
  std::int64_t last_insert_id() const { return sqlite3_last_insert_rowid(handle_); }
  std::int64_t changed_rows() const { return sqlite3_changes64(handle_); }
  /// The engine's error in our codes.
  Error last_error() const;

 private:
  explicit Connection(sqlite3* handle) : handle_(handle) {}
  sqlite3* handle_;
  StatementCounter* counter_ = nullptr;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;  // literals: their address tells them
};

/// Marks bytes that are no text.
struct Blob {
  std::string_view bytes;
};

/// One use of a prepared statement; the destructor resets it. Arguments are bound in order and must
/// live until then.
class Query {
 public:
  template <typename... Args>
  Query(Connection& connection, const char* sql, const Args&... args)
      : connection_(connection), statement_(connection.prepare(sql)) {
    if (statement_ == nullptr) return;
    int index = 0;
    (bind(++index, args), ...);
  }
  ~Query() {
    if (statement_ == nullptr) return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  /// True: a row is there to be read; false: there is none left.
  Result<bool> next();
  /// For statements that give no rows.
  Result<void> run();

  bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }
  std::string text(int column) const;  ///< of a blob too
  std::optional<std::int64_t> optional_number(int column) const {
    if (is_null(column)) return std::nullopt;
    return number(column);
  }
  std::optional<double> optional_real(int column) const {
    if (is_null(column)) return std::nullopt;
    return sqlite3_column_double(statement_, column);
  }
  template <typename Id>
  Id id(int column) const {
    return static_cast<Id>(number(column));
  }

 private:
  void bind(int index, std::int64_t value) { sqlite3_bind_int64(statement_, index, value); }
  void bind(int index, int value) { sqlite3_bind_int64(statement_, index, value); }
  void bind(int index, double value) { sqlite3_bind_double(statement_, index, value); }
  void bind(int index, bool value) { sqlite3_bind_int64(statement_, index, value ? 1 : 0); }
  void bind(int index, std::string_view text) {
    // A null pointer would bind NULL where an empty text is meant.
    sqlite3_bind_text64(statement_, index, text.data() == nullptr ? "" : text.data(), text.size(),
                        SQLITE_STATIC, SQLITE_UTF8);
  }
  void bind(int index, const std::string& text) { bind(index, std::string_view(text)); }
  void bind(int index, const char* text) { bind(index, std::string_view(text)); }
  void bind(int index, const Blob& blob) {
    sqlite3_bind_blob64(statement_, index, blob.bytes.data() == nullptr ? "" : blob.bytes.data(),
                        blob.bytes.size(), SQLITE_STATIC);
  }
  void bind(int index, std::nullopt_t) { sqlite3_bind_null(statement_, index); }
  template <typename T>
  void bind(int index, const std::optional<T>& value) {
    if (value) {
      bind(index, *value);
    } else {
      sqlite3_bind_null(statement_, index);
    }
  }
  template <typename E, std::enable_if_t<std::is_enum_v<E>, int> = 0>
  void bind(int index, E value) {
    sqlite3_bind_int64(statement_, index, static_cast<std::int64_t>(value));
  }

  Connection& connection_;
  sqlite3_stmt* statement_;
};

/// BEGIN IMMEDIATE ... COMMIT; rolled back unless commit() succeeded.
class Transaction {
 public:
  static Result<Transaction> begin(Connection& connection, bool write = true);
  Transaction(Transaction&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<void> commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

}  // namespace runstone::store::sqlite
