#include "store/view_store.h"

#include "store/sqlite/database.h"
#include "store/sqlite/subjects.h"

namespace runstone::store::sqlite {

const char kViewSchema[] = R"sql(
-- The document is last, so that the other columns are read without its overflow pages.
CREATE TABLE views (
  id INTEGER PRIMARY KEY AUTOINCREMENT, project_id INTEGER NOT NULL, user_id INTEGER,
  type TEXT NOT NULL, name TEXT NOT NULL, display_name TEXT NOT NULL, description TEXT NOT NULL,
  created_at_us INTEGER NOT NULL, updated_at_us INTEGER NOT NULL, spec TEXT NOT NULL,
  UNIQUE (project_id, name));
CREATE INDEX views_of_project ON views (project_id, type, id);
CREATE TRIGGER views_of_deleted_project AFTER DELETE ON projects BEGIN
  DELETE FROM views WHERE project_id = OLD.id;
END;
)sql";

namespace {

View read_view(const Query& query) {
  View view;
  view.id = query.id<ViewId>(0);
  view.project = query.id<ProjectId>(1);
  if (!query.is_null(2)) view.user = query.id<UserId>(2);
  view.type = query.text(3);
  view.name = query.text(4);
  view.display_name = query.text(5);
  view.description = query.text(6);
  view.created_at_us = query.number(7);
  view.updated_at_us = query.number(8);
  view.spec = query.text(9);
  return view;
}

class SqliteViewStore final : public ViewStore {
 public:
  explicit SqliteViewStore(Database& db) : db_(db) {}

  Result<View> create_view(const View& view, std::int64_t views_max) override {
    const std::scoped_lock lock(db_.writer_mutex);
    auto& writer = *db_.writer;
    RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
    {
      Query count(writer,
                  "SELECT COUNT(*), COALESCE(SUM(name = ?2), 0) FROM views WHERE project_id = ?1",
                  view.project, view.name);
      RUNSTONE_TRY(count.next());
      if (count.number(1) > 0) return taken("view", view.name);
      if (views_max >= 0 && count.number(0) >= views_max) {
        return fail(ErrorCode::kFailedPrecondition, "the project has " + std::to_string(views_max) +
                                                        " reports and views already: delete some");
      }
    }
    View made = view;
    {
      Query insert(writer,
                   "INSERT INTO views (project_id, user_id, type, name, display_name, description, "
                   "created_at_us, updated_at_us, spec) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   view.project, view.user, view.type, view.name, view.display_name,
                   view.description, view.created_at_us, view.updated_at_us, view.spec);
      RUNSTONE_TRY(insert.run());
      made.id = ViewId(writer.last_insert_id());
    }
    RUNSTONE_TRY(transaction.commit());
    return made;
  }

  Result<View> update_view(const ViewUpdate& update) override {
    const std::scoped_lock lock(db_.writer_mutex);
    auto& writer = *db_.writer;
    RUNSTONE_TRY(auto transaction, Transaction::begin(writer));
    if (update.name) {
      Query other(writer,
                  "SELECT 1 FROM views WHERE name = ?2 AND id != ?1 AND "
                  "project_id = (SELECT project_id FROM views WHERE id = ?1)",
                  update.id, *update.name);
      RUNSTONE_TRY(const bool found, other.next());
      if (found) return taken("view", *update.name);
    }
    {
      Query change(writer,
                   "UPDATE views SET type = COALESCE(?, type), name = COALESCE(?, name), "
                   "display_name = COALESCE(?, display_name), "
                   "description = COALESCE(?, description), spec = COALESCE(?, spec), "
                   "updated_at_us = ? WHERE id = ?",
                   update.type, update.name, update.display_name, update.description, update.spec,
                   update.updated_at_us, update.id);
      RUNSTONE_TRY(change.run());
    }
    Result<View> changed = read_by_id(writer, update.id);
    if (!changed) return changed;
    RUNSTONE_TRY(transaction.commit());
    return changed;
  }

  Result<View> get_view(ViewId id) const override {
    RUNSTONE_TRY(auto reader, db_.readers.lend());
    return read_by_id(*reader, id);
  }

  Result<View> find_view(ProjectId project, std::string_view name) const override {
    RUNSTONE_TRY(auto reader, db_.readers.lend());
    Query query(*reader,
                "SELECT id, project_id, user_id, type, name, display_name, description, "
                "created_at_us, updated_at_us, spec FROM views WHERE project_id = ? AND name = ?",
                project, name);
    return read_one(query, "view", read_view);
  }

  Result<std::vector<View>> list_views(const ListViews& request) const override {
    RUNSTONE_TRY(auto reader, db_.readers.lend());
    Query query(*reader,
                "SELECT id, project_id, user_id, type, name, display_name, description, "
                "created_at_us, updated_at_us, CASE WHEN ?6 THEN spec ELSE '' END FROM views "
                "WHERE project_id = ?1 AND (?2 IS NULL OR type = ?2) "
                "AND (?3 IS NULL OR name = ?3 OR display_name = ?3) "
                "AND (?4 IS NULL OR user_id = ?4) AND (?5 IS NULL OR id < ?5) "
                "ORDER BY id DESC LIMIT ?7",
                request.project, request.type, request.name, request.user, request.before,
                request.with_spec, request.limit);
    return read_all(query, read_view);
  }

  Result<void> delete_view(ViewId id) override {
    const std::scoped_lock lock(db_.writer_mutex);
    Query query(*db_.writer, "DELETE FROM views WHERE id = ?", id);
    RUNSTONE_TRY(query.run());
    if (db_.writer->changed_rows() == 0) return missing("view");
    return {};
  }

 private:
  static Result<View> read_by_id(Connection& connection, ViewId id) {
    Query query(connection,
                "SELECT id, project_id, user_id, type, name, display_name, description, "
                "created_at_us, updated_at_us, spec FROM views WHERE id = ?",
                id);
    return read_one(query, "view", read_view);
  }

  Database& db_;
};

}  // namespace

std::unique_ptr<ViewStore> make_view_store(Database& db) {
  return std::make_unique<SqliteViewStore>(db);
}

}  // namespace runstone::store::sqlite
