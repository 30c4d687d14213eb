// What only a database on a disk can be asked: that it survives, migrates and refuses.
#include "store/sqlite/sqlite_store.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/random_id.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/schema.h"

namespace runstone::store::sqlite {
namespace {

class SqliteStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("runstone-sqlite-" + random_id());
    std::filesystem::create_directories(folder_);
    file_ = folder_ / "store.db";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
  std::filesystem::path file_;
};

TEST_F(SqliteStoreTest, WhatWasCommittedIsThereWhenOpenedAgain) {
  {
    auto store = open_store(file_);
    ASSERT_TRUE(store);
    ASSERT_TRUE((*store)->create_user({{}, "alice", "", "", false, 1}));
  }
  auto store = open_store(file_);
  ASSERT_TRUE(store);
  EXPECT_TRUE((*store)->find_user("alice"));
}

TEST_F(SqliteStoreTest, ADatabaseOfANewerVersionIsRefused) {
  { ASSERT_TRUE(open_store(file_)); }
  {
    auto connection = Connection::open(file_.string(), {});
    ASSERT_TRUE((*connection)->execute("PRAGMA user_version=1000"));
  }
  EXPECT_EQ(open_store(file_).error().code, ErrorCode::kFailedPrecondition);
}

// What the first version wrote is there under the newest one, and beside it as it was.
TEST_F(SqliteStoreTest, AnOlderDatabaseIsMigratedAfterABackup) {
  const std::string name = file_.string();
  const std::string copy = name + ".v1-backup";
  {
    auto connection = Connection::open(name, {});
    ASSERT_TRUE(connection && migrate(**connection, name, 1));
    ASSERT_TRUE((*connection)
                    ->execute("INSERT INTO users VALUES (1,'alice','','',0,5);"
                              "INSERT INTO entities VALUES (2,'alice',1,5);"
                              "INSERT INTO projects VALUES (3,2,'p','',5);"
                              "INSERT INTO runs (id,project_id,name,display_name,state,"
                              "created_at_us,updated_at_us,heartbeat_at_us)"
                              " VALUES (4,3,'r','brisk-otter-1',1,5,5,5)"));
  }
  std::ofstream(copy) << "half a copy of a start that was killed";
  {
    auto store = open_store(file_);
    ASSERT_TRUE(store) << store.error().message;
    const auto run = (*store)->find_run("alice", "p", "r");
    ASSERT_TRUE(run) << run.error().message;
    EXPECT_EQ(run->display_name, "brisk-otter-1");
  }
  auto backup = Connection::open(copy, {.read_only = true});
  ASSERT_TRUE(backup) << backup.error().message;
  Query version(**backup, "PRAGMA user_version"), run(**backup, "SELECT display_name FROM runs");
  ASSERT_TRUE(*version.next() && *run.next());
  EXPECT_EQ(version.number(0), 1);
  EXPECT_EQ(run.text(0), "brisk-otter-1");
}

// Up to version 3 a setting named them.
TEST_F(SqliteStoreTest, ARegistryOfVersion3KeepsItsListedTypes) {
  const std::string name = file_.string();
  {
    auto connection = Connection::open(name, {});
    ASSERT_TRUE(connection && migrate(**connection, name, 3));
    ASSERT_TRUE((*connection)
                    ->execute("INSERT INTO entities (id,name,created_at_us) VALUES (2,'acme',5);"
                              "INSERT INTO projects (id,entity_id,name,created_at_us) VALUES "
                              "(3,2,'wandb-registry-a',5),(4,2,'wandb-registry-b',5);"
                              "INSERT INTO settings VALUES "
                              "('registries_with_listed_types','[4,99]')"));
  }
  auto store = open_store(file_);
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_FALSE((*store)->get_project(ProjectId{3})->listed_types);
  EXPECT_TRUE((*store)->get_project(ProjectId{4})->listed_types);
  EXPECT_FALSE((*store)->get_project(ProjectId{4})->restricted);
}

TEST_F(SqliteStoreTest, ANewDatabaseNeedsNoBackup) {
  ASSERT_TRUE(open_store(file_));
  ASSERT_TRUE(open_store(file_));
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    EXPECT_THAT(entry.path().filename().string(), testing::Not(testing::HasSubstr("backup")));
  }
}

TEST_F(SqliteStoreTest, AFileThatIsNoDatabaseIsCorrupt) {
  std::ofstream(file_) << std::string(10'000, 'x');
  EXPECT_EQ(open_store(file_).error().code, ErrorCode::kCorrupt);
}

TEST_F(SqliteStoreTest, ListsUseAnIndexInEachOrder) {
  { ASSERT_TRUE(open_store(file_)); }
  auto connection = Connection::open(file_.string(), {});
  for (const char* sql :
       {"EXPLAIN QUERY PLAN SELECT id FROM runs r WHERE project_id=1 AND "
        "(r.created_at_us,r.id)<(5,5) ORDER BY created_at_us DESC,id DESC",
        "EXPLAIN QUERY PLAN SELECT id FROM runs r WHERE project_id=1 AND "
        "(r.heartbeat_at_us,r.id)<(5,5) ORDER BY heartbeat_at_us DESC,id DESC",
        "EXPLAIN QUERY PLAN SELECT id FROM runs WHERE state IN (0, 1, 6) AND heartbeat_at_us<5"}) {
    Query query(**connection, sql);
    std::string plan;
    while (*query.next()) plan += query.text(3) + "\n";
    EXPECT_THAT(plan, testing::HasSubstr("USING")) << sql;
    EXPECT_THAT(plan, testing::Not(testing::HasSubstr("TEMP B-TREE"))) << sql;
  }
}

// A child commits one chunk after another and tells each over a pipe; it is killed in the middle.
// What it told must be there; of the rest, whole transactions or nothing.
TEST_F(SqliteStoreTest, SurvivesSigkillWithAllThatWasAcknowledged) {
  for (int round = 0; round < 10; ++round) {
    SCOPED_TRACE(testing::Message() << "round " << round);
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    int told[2];
    ASSERT_EQ(pipe(told), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto store = open_store(file_);
      if (!store || !(*store)->create_user({{}, "a", "", "", false, 1})) _exit(1);
      const auto project = (*store)->create_project((*store)->find_entity("a")->id, "p", 1);
      const auto run = (*store)->create_run({project->id, "r", "r", {}, {}, 1}, {});
      for (std::int64_t line = 0;; ++line) {
        Batch batch;
        RunUpdate update;
        update.run = run->id;
        update.history_lines = line + 1;
        batch.runs = {update};
        batch.put_chunks = {
            {run->id, Stream::kHistory, line, 1, line, line, 1, std::string(3000, 'x')}};
        if (!(*store)->commit(batch)) _exit(1);
        if (write(told[1], "x", 1) != 1) _exit(1);
      }
    }
    close(told[1]);
    std::int64_t acknowledged = 0;
    char byte;
    while (acknowledged < 20 + round * 7 && read(told[0], &byte, 1) == 1) ++acknowledged;
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    while (read(told[0], &byte, 1) == 1) ++acknowledged;
    close(told[0]);
    ASSERT_GE(acknowledged, 20 + round * 7);

    auto store = open_store(file_);
    ASSERT_TRUE(store) << store.error().message;
    const auto run = (*store)->find_run("a", "p", "r");
    ASSERT_TRUE(run);
    EXPECT_GE(run->history_lines, acknowledged);
    EXPECT_LE(run->history_lines, acknowledged + 1);
    const auto chunks = (*store)->tail(run->id, Stream::kHistory, 0, 1 << 20);
    ASSERT_EQ(static_cast<std::int64_t>(chunks->size()), run->history_lines);
    for (std::size_t i = 0; i < chunks->size(); ++i) {
      EXPECT_EQ(chunks->at(i).first_line, static_cast<std::int64_t>(i));
    }
  }
}

}  // namespace
}  // namespace runstone::store::sqlite
