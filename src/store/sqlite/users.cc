#include "base/try.h"
#include "store/sqlite/account_rows.h"
#include "store/sqlite/engine.h"

namespace runstone::store::sqlite {
namespace {

constexpr const char* kUserByName = RUNSTONE_USER_COLUMNS "FROM users u WHERE u.name=?";

Session read_session(const Query& row) {
  return {row.text(0), row.id<UserId>(1), row.number(2), row.number(3)};
}

// An insert that a unique name refused, in words for people.
Result<void> or_taken(Result<void> done, const char* what, std::string_view name) {
  if (!done && done.error().code == ErrorCode::kConflict) return taken(what, name);
  return done;
}

Result<void> check_user(Connection& connection, UserId id) {
  Query query(connection, "SELECT 1 FROM users WHERE id=?", id);
  RUNSTONE_TRY(const bool found, query.next());
  if (!found) return missing("user");
  return {};
}

}  // namespace

Result<User> SqliteStore::create_user(const User& user) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(auto transaction, Transaction::begin(*db_.writer));
  RUNSTONE_TRY(check_name_is_free(*db_.writer, "user", user.name));
  RUNSTONE_TRY(or_taken(
      Query(*db_.writer,
            "INSERT INTO users (name,email,display_name,admin,created_at_us) VALUES (?,?,?,?,?)",
            user.name, user.email, user.display_name, user.admin, user.created_at_us)
          .run(),
      "user", user.name));
  User made = user;
  made.id = UserId{db_.writer->last_insert_id()};
  made.service = false;
  made.default_entity.clear();
  made.deleted_at_us = 0;
  RUNSTONE_TRY(or_taken(
      Query(*db_.writer, "INSERT INTO entities (name,user_id,created_at_us) VALUES (?,?,?)",
            made.name, made.id, made.created_at_us)
          .run(),
      "entity", made.name));
  RUNSTONE_TRY(transaction.commit());
  return made;
}

Result<User> SqliteStore::find_user(std::string_view name) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, kUserByName, name);
  return read_one(query, "user", [](const Query& row) { return read_user(row, 0); });
}

Result<User> SqliteStore::get_user(UserId id) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, RUNSTONE_USER_COLUMNS "FROM users u WHERE u.id=?", id);
  return read_one(query, "user", [](const Query& row) { return read_user(row, 0); });
}

Result<std::vector<User>> SqliteStore::list_users() const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, RUNSTONE_USER_COLUMNS "FROM users u ORDER BY u.id");
  return read_all(query, [](const Query& row) { return read_user(row, 0); });
}

Result<ApiKey> SqliteStore::create_api_key(const ApiKey& key) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(check_user(*db_.writer, key.user));
  RUNSTONE_TRY(or_taken(Query(*db_.writer,
                              "INSERT INTO api_keys (user_id,hash,name,description,created_at_us) "
                              "VALUES (?,?,?,?,?)",
                              key.user, key.hash, key.name, key.description, key.created_at_us)
                            .run(),
                        "API key", key.name));
  ApiKey made = key;
  made.id = ApiKeyId{db_.writer->last_insert_id()};
  return made;
}

Result<ApiKey> SqliteStore::find_api_key(std::string_view hash) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              "SELECT id,user_id,hash,name,description,created_at_us FROM api_keys WHERE hash=?",
              hash);
  return read_one(query, "API key", read_api_key);
}

Result<std::vector<ApiKey>> SqliteStore::list_api_keys(UserId user) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader,
              "SELECT id,user_id,hash,name,description,created_at_us FROM api_keys "
              "WHERE user_id=? ORDER BY id",
              user);
  return read_all(query, read_api_key);
}

Result<void> SqliteStore::delete_api_key(ApiKeyId id) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(Query(*db_.writer, "DELETE FROM api_keys WHERE id=?", id).run());
  if (db_.writer->changed_rows() == 0) return missing("API key");
  return {};
}

Result<void> SqliteStore::create_session(const Session& session) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(check_user(*db_.writer, session.user));
  return or_taken(
      Query(*db_.writer,
            "INSERT INTO sessions (hash,user_id,created_at_us,expires_at_us) VALUES (?,?,?,?)",
            session.hash, session.user, session.created_at_us, session.expires_at_us)
          .run(),
      "session", "of that hash");
}

Result<Session> SqliteStore::find_session(std::string_view hash) const {
  RUNSTONE_TRY(auto reader, db_.readers.lend());
  Query query(*reader, "SELECT hash,user_id,created_at_us,expires_at_us FROM sessions WHERE hash=?",
              hash);
  return read_one(query, "session", read_session);
}

Result<void> SqliteStore::delete_session(std::string_view hash) {
  const std::scoped_lock lock(db_.writer_mutex);
  return Query(*db_.writer, "DELETE FROM sessions WHERE hash=?", hash).run();
}

Result<void> SqliteStore::create_signin_token(const Session& token) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(check_user(*db_.writer, token.user));
  return or_taken(
      Query(*db_.writer,
            "INSERT INTO signin_tokens (hash,user_id,created_at_us,expires_at_us) VALUES (?,?,?,?)",
            token.hash, token.user, token.created_at_us, token.expires_at_us)
          .run(),
      "sign-in token", "of that hash");
}

Result<Session> SqliteStore::take_signin_token(std::string_view hash) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(auto transaction, Transaction::begin(*db_.writer));
  Session token;
  {
    Query query(*db_.writer,
                "SELECT hash,user_id,created_at_us,expires_at_us FROM signin_tokens WHERE hash=?",
                hash);
    RUNSTONE_TRY(token, read_one(query, "sign-in token", read_session));
  }
  RUNSTONE_TRY(Query(*db_.writer, "DELETE FROM signin_tokens WHERE hash=?", hash).run());
  RUNSTONE_TRY(transaction.commit());
  return token;
}

Result<void> SqliteStore::delete_expired(std::int64_t now_us) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(auto transaction, Transaction::begin(*db_.writer));
  RUNSTONE_TRY(Query(*db_.writer, "DELETE FROM sessions WHERE expires_at_us<=?", now_us).run());
  RUNSTONE_TRY(
      Query(*db_.writer, "DELETE FROM signin_tokens WHERE expires_at_us<=?", now_us).run());
  return transaction.commit();
}

Result<std::string> SqliteStore::get_or_create_setting(std::string_view name,
                                                       std::string_view value) {
  const std::scoped_lock lock(db_.writer_mutex);
  RUNSTONE_TRY(auto transaction, Transaction::begin(*db_.writer));
  RUNSTONE_TRY(Query(*db_.writer, "INSERT OR IGNORE INTO settings (name,value) VALUES (?,?)", name,
                     Blob{value})
                   .run());
  std::string kept;
  {
    Query query(*db_.writer, "SELECT value FROM settings WHERE name=?", name);
    RUNSTONE_TRY(kept, read_one(query, "setting", [](const Query& row) { return row.text(0); }));
  }
  RUNSTONE_TRY(transaction.commit());
  return kept;
}

Result<void> SqliteStore::put_setting(std::string_view name, std::string_view value) {
  const std::scoped_lock lock(db_.writer_mutex);
  return Query(*db_.writer, "INSERT OR REPLACE INTO settings (name,value) VALUES (?,?)", name,
               Blob{value})
      .run();
}

}  // namespace runstone::store::sqlite
