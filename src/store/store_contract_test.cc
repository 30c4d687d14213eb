// What every engine must do. The memory engine is the model: the last test runs the same random
// operations on an engine and on the model and compares all that can be read.
#include <gmock/gmock.h>

#include <filesystem>
#include <map>
#include <random>
#include <thread>

#include "base/try.h"
#include "store/engine_fixture.h"

namespace runstone::store {
namespace {

// The value itself: a range-for over *temporary would outlive it.
template <typename T>
T take(Result<T> result) {
  EXPECT_TRUE(result) << (result ? "" : result.error().message);
  return *std::move(result);
}

using testing::ElementsAre;
using testing::IsEmpty;

class StoreContract : public EngineTest {
 protected:
  void SetUp() override { project_ = store_->create_project(entity_, "p1", 10)->id; }

  RunId make_run(const std::string& name, std::int64_t created_at_us = 100) {
    NewRun run{project_, name, name + " shown", user_, RunState::kRunning, created_at_us};
    return store_->create_run(run, {})->id;
  }
  static TailChunk chunk(RunId run, std::int64_t first, std::int64_t count,
                         const std::string& data = "data") {
    return {run, Stream::kHistory, first, count, first * 10, (first + count - 1) * 10, 7, data};
  }

  ProjectId project_{};
};

std::vector<std::string> names(const Result<std::vector<RunInfo>>& runs) {
  std::vector<std::string> all;
  for (const auto& run : *runs) all.push_back(run.name);
  return all;
}

TEST_P(StoreContract, AUserHasAnEntityOfTheSameName) {
  EXPECT_EQ(store_->find_user("alice")->email, "a@x");
  EXPECT_EQ(store_->get_user(user_)->display_name, "Alice");
  EXPECT_EQ(store_->find_entity("alice")->user, user_);
  EXPECT_EQ(store_->create_user({{}, "alice", "", "", false, 6}).error().code,
            ErrorCode::kConflict);
  EXPECT_EQ(store_->find_user("bob").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store_->list_users()->size(), 1u);
}

TEST_P(StoreContract, FindsApiKeysByHash) {
  const auto made = store_->create_api_key({{}, user_, "h1", "laptop", "d", 7});
  ASSERT_TRUE(made);
  EXPECT_EQ(store_->find_api_key("h1")->user, user_);
  EXPECT_EQ(store_->create_api_key({{}, user_, "h1", "", "", 7}).error().code,
            ErrorCode::kConflict);
  EXPECT_EQ(store_->create_api_key({{}, UserId{99}, "h2", "", "", 7}).error().code,
            ErrorCode::kNotFound);
  EXPECT_EQ(store_->list_api_keys(user_)->size(), 1u);
  ASSERT_TRUE(store_->delete_api_key(made->id));
  EXPECT_EQ(store_->find_api_key("h1").error().code, ErrorCode::kNotFound);
}

TEST_P(StoreContract, ASigninTokenIsTakenOnce) {
  ASSERT_TRUE(store_->create_signin_token({"t", user_, 1, 1000}));
  EXPECT_EQ(store_->take_signin_token("t")->user, user_);
  EXPECT_EQ(store_->take_signin_token("t").error().code, ErrorCode::kNotFound);
}

TEST_P(StoreContract, ExpiredSessionsGo) {
  ASSERT_TRUE(store_->create_session({"old", user_, 1, 50}));
  ASSERT_TRUE(store_->create_session({"new", user_, 1, 51}));
  ASSERT_TRUE(store_->delete_expired(50));
  EXPECT_FALSE(store_->find_session("old"));
  EXPECT_EQ(store_->find_session("new")->expires_at_us, 51);
  ASSERT_TRUE(store_->delete_session("new"));
  EXPECT_FALSE(store_->find_session("new"));
}

TEST_P(StoreContract, ASettingMadeOnceStays) {
  const std::string secret("s\0cret", 6);
  EXPECT_EQ(*store_->get_or_create_setting("secret", secret), secret);
  EXPECT_EQ(*store_->get_or_create_setting("secret", "other"), secret);
  ASSERT_TRUE(store_->put_setting("secret", "changed"));
  EXPECT_EQ(*store_->get_or_create_setting("secret", "other"), "changed");
}

TEST_P(StoreContract, ProjectsCountTheirRuns) {
  EXPECT_EQ(store_->create_project(entity_, "p1", 11).error().code, ErrorCode::kConflict);
  EXPECT_EQ(store_->create_project(EntityId{99}, "p", 1).error().code, ErrorCode::kNotFound);
  const auto other = store_->create_project(entity_, "p2", 50);
  make_run("a", 100);
  make_run("b", 300);
  EXPECT_EQ(store_->find_project("alice", "p1")->run_count, 2);
  EXPECT_EQ(store_->find_project("alice", "p1")->last_activity_at_us, 300);
  EXPECT_EQ(store_->get_project(other->id)->last_activity_at_us, 50);
  const auto listed = store_->list_projects(entity_);
  EXPECT_EQ(listed->at(0).name, "p1");
  ASSERT_TRUE(store_->set_project_description(other->id, "about"));
  EXPECT_EQ(store_->get_project(other->id)->description, "about");
  EXPECT_EQ(store_->rename_project(other->id, "p1").error().code, ErrorCode::kConflict);
  ASSERT_TRUE(store_->rename_project(other->id, "renamed"));
  ASSERT_TRUE(store_->rename_project(other->id, "renamed"));  // its own name is not taken
  EXPECT_EQ(store_->find_project("alice", "renamed")->id, other->id);
  EXPECT_EQ(store_->find_project("alice", other->name).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store_->rename_project(ProjectId{999}, "x").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store_->delete_project(project_).error().code, ErrorCode::kFailedPrecondition);
  ASSERT_TRUE(store_->delete_project(other->id));
  EXPECT_EQ(store_->get_project(other->id).error().code, ErrorCode::kNotFound);
}

TEST_P(StoreContract, ADeletedRunIsRememberedUntilItIsMadeAnew) {
  const NewRun run{project_, "gone", "brisk-otter-1", user_, RunState::kRunning, 100};
  const auto made = *store_->create_run(run, {});
  EXPECT_FALSE(*store_->was_run_deleted("alice", "p1", "gone"));
  ASSERT_TRUE(store_->delete_runs({{made.id, "runs/1"}}));
  EXPECT_TRUE(*store_->was_run_deleted("alice", "p1", "gone"));
  EXPECT_FALSE(*store_->was_run_deleted("alice", "p1", "never"));
  EXPECT_FALSE(*store_->was_run_deleted("alice", "other", "gone"));
  const auto again = *store_->create_run(run, {});
  EXPECT_FALSE(*store_->was_run_deleted("alice", "p1", "gone"));
  ASSERT_TRUE(store_->delete_runs({{again.id, "runs/2"}}));
  EXPECT_TRUE(*store_->was_run_deleted("alice", "p1", "gone"));
}

TEST_P(StoreContract, ARunStartsWithWhatItWasMadeWith) {
  RunUpdate first;
  first.config_json = R"({"lr":{"value":0.1}})";
  first.tags = {"a", "b \"c\"", "\xf0\x9f\x98\x80"};
  first.group = "g";
  const auto made =
      store_->create_run({project_, "r1", "brisk-otter-1", user_, RunState::kRunning, 100}, first);
  ASSERT_TRUE(made);
  const auto found = store_->find_run("alice", "p1", "r1");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, made->id);
  EXPECT_EQ(found->project_name, "p1");
  EXPECT_EQ(found->entity_name, "alice");
  EXPECT_EQ(found->user_name, "alice");
  EXPECT_EQ(found->display_name, "brisk-otter-1");
  EXPECT_EQ(found->config_json, *first.config_json);
  EXPECT_EQ(found->summary_json, "{}");
  EXPECT_EQ(found->tags, *first.tags);
  EXPECT_EQ(found->group, "g");
  EXPECT_EQ(found->heartbeat_at_us, 100);
  EXPECT_EQ(found->last_step, -1);
  EXPECT_EQ(found->exit_code, std::nullopt);
  EXPECT_EQ(store_->create_run({project_, "r1", "", user_, RunState::kRunning, 1}, {}).error().code,
            ErrorCode::kConflict);
  EXPECT_EQ(store_->find_run("alice", "p1", "r2").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store_->find_run("alice", "p2", "r1").error().code, ErrorCode::kNotFound);
}

TEST_P(StoreContract, AnUpdateChangesOnlyWhatItNames) {
  const RunId run = make_run("r1");
  RunUpdate update;
  update.run = run;
  update.state = RunState::kFailed;
  update.exit_code = std::optional<int>(3);
  update.finished_at_us = std::optional<std::int64_t>(900);
  update.summary_json = R"({"loss":NaN})";
  update.notes = "n";
  Batch batch;
  batch.runs.push_back(update);
  ASSERT_TRUE(store_->commit(batch));
  RunUpdate counters;
  counters.run = run;
  counters.history_lines = 7;
  counters.last_step = 70;
  batch.runs = {counters};
  ASSERT_TRUE(store_->commit(batch));
  auto found = store_->get_run(run);
  EXPECT_EQ(found->state, RunState::kFailed);
  EXPECT_EQ(found->exit_code, 3);
  EXPECT_EQ(found->finished_at_us, 900);
  EXPECT_EQ(found->summary_json, R"({"loss":NaN})");
  EXPECT_EQ(found->notes, "n");
  EXPECT_EQ(found->history_lines, 7);
  EXPECT_EQ(found->display_name, "r1 shown");
  update = {};
  update.run = run;
  update.exit_code = std::optional<int>();
  update.finished_at_us = std::optional<std::int64_t>();
  update.tags = std::vector<std::string>{};
  batch.runs = {update};
  ASSERT_TRUE(store_->commit(batch));
  found = store_->get_run(run);
  EXPECT_EQ(found->exit_code, std::nullopt);
  EXPECT_EQ(found->finished_at_us, std::nullopt);
  EXPECT_EQ(found->last_step, 70);
}

TEST_P(StoreContract, ListsPagesInEachOrder) {
  for (const auto& [name, created] :
       std::vector<std::pair<std::string, int>>{{"a", 100}, {"b", 300}, {"c", 200}, {"d", 200}}) {
    make_run(name, created);
  }
  RunUpdate beat;
  beat.run = store_->find_run("alice", "p1", "a")->id;
  beat.heartbeat_at_us = 999;
  Batch batch;
  batch.runs.push_back(beat);
  ASSERT_TRUE(store_->commit(batch));

  ListRuns request{.project = project_, .order = RunOrder::kCreatedAscending};
  EXPECT_THAT(names(store_->list_runs(request)), ElementsAre("a", "c", "d", "b"));
  request.order = RunOrder::kCreatedDescending;
  EXPECT_THAT(names(store_->list_runs(request)), ElementsAre("b", "d", "c", "a"));
  request.order = RunOrder::kHeartbeatDescending;
  EXPECT_THAT(names(store_->list_runs(request)), ElementsAre("a", "b", "d", "c"));
  request.order = RunOrder::kCreatedDescending;
  request.limit = 2;
  const auto page = store_->list_runs(request);
  EXPECT_THAT(names(page), ElementsAre("b", "d"));
  request.after = {page->back().created_at_us, page->back().id};
  EXPECT_THAT(names(store_->list_runs(request)), ElementsAre("c", "a"));
  EXPECT_EQ(*store_->count_runs(project_), 4);
}

TEST_P(StoreContract, LeavesOutTheColumnsNotAskedFor) {
  RunUpdate first;
  first.config_json = R"({"a":1})";
  first.summary_json = R"({"b":2})";
  const RunId run =
      store_->create_run({project_, "r", "r", user_, RunState::kRunning, 1}, first)->id;
  EXPECT_EQ(store_->get_run(run, {.config = false, .summary = true})->config_json, "");
  EXPECT_EQ(store_->get_run(run, {.config = false, .summary = true})->summary_json, R"({"b":2})");
  EXPECT_EQ(store_->get_run(run, {.config = true, .summary = false})->summary_json, "");
}

TEST_P(StoreContract, GetsManyRunsInTheOrderAsked) {
  const RunId a = make_run("a"), b = make_run("b"), c = make_run("c");
  const std::vector<RunId> ids = {c, RunId{12345}, a, b, a};
  EXPECT_THAT(names(store_->get_runs(ids)), ElementsAre("c", "a", "b", "a"));
  EXPECT_THAT(*store_->get_runs({}), IsEmpty());
}

TEST_P(StoreContract, SilentRunsAreThoseThatLiveAndWereHeardOfBefore) {
  make_run("old", 100);
  const RunId finished = make_run("finished", 100);
  make_run("new", 200);
  Batch batch;
  RunUpdate update;
  update.run = finished;
  update.state = RunState::kFinished;
  batch.runs.push_back(update);
  ASSERT_TRUE(store_->commit(batch));
  EXPECT_THAT(names(store_->list_silent_runs(200)), ElementsAre("old"));
}

TEST_P(StoreContract, TheTailIsReadByLines) {
  const RunId run = make_run("r");
  const RunId other = make_run("other");
  Batch batch;
  batch.put_chunks = {chunk(run, 10, 5, "c"), chunk(run, 0, 4, std::string("a\0a", 3)),
                      chunk(run, 4, 6, "b"), chunk(other, 0, 9, "o")};
  batch.put_chunks.push_back({run, Stream::kConsole, 0, 2, -1, -1, 3, "console"});
  ASSERT_TRUE(store_->commit(batch));
  const auto firsts = [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::int64_t> all;
    for (const auto& found : take(store_->tail(run, Stream::kHistory, begin, end))) {
      all.push_back(found.first_line);
    }
    return all;
  };
  EXPECT_THAT(firsts(0, 100), ElementsAre(0, 4, 10));
  EXPECT_THAT(firsts(3, 4), ElementsAre(0));
  EXPECT_THAT(firsts(4, 5), ElementsAre(4));
  EXPECT_THAT(firsts(9, 11), ElementsAre(4, 10));
  EXPECT_THAT(firsts(14, 20), ElementsAre(10));
  EXPECT_THAT(firsts(15, 20), IsEmpty());
  EXPECT_THAT(firsts(-5, 1), ElementsAre(0));
  const auto all = store_->tail(run, Stream::kHistory, 0, 100);
  EXPECT_EQ(all->at(0).data, std::string("a\0a", 3));
  EXPECT_EQ(all->at(1).last_step, 90);
  EXPECT_EQ(all->at(1).raw_bytes, 7);
  const auto index = store_->tail_index(run, Stream::kHistory);
  EXPECT_EQ(index->size(), 3u);
  EXPECT_EQ(index->at(0).data, "");
  const auto tails = store_->list_tails();
  ASSERT_EQ(tails->size(), 2u);
  EXPECT_EQ(tails->at(0).run, run);
  EXPECT_EQ(tails->at(0).line_count, 15);
  EXPECT_EQ(tails->at(0).raw_bytes, 21);
}

TEST_P(StoreContract, AChunkOfTheSameKeyReplacesAndRemovalsComeFirst) {
  const RunId run = make_run("r");
  Batch batch;
  batch.put_chunks = {chunk(run, 0, 4, "old"), chunk(run, 4, 4, "kept")};
  ASSERT_TRUE(store_->commit(batch));
  batch = {};
  batch.remove_chunks = {{run, Stream::kHistory, 0}, {run, Stream::kHistory, 77}};
  batch.put_chunks = {chunk(run, 0, 2, "new"), chunk(run, 4, 1, "short")};
  ASSERT_TRUE(store_->commit(batch));
  const auto found = store_->tail(run, Stream::kHistory, 0, 100);
  ASSERT_EQ(found->size(), 2u);
  EXPECT_EQ(found->at(0).data, "new");
  EXPECT_EQ(found->at(0).line_count, 2);
  EXPECT_EQ(found->at(1).data, "short");
}

TEST_P(StoreContract, PartsInSqlOrInObjects) {
  const RunId run = make_run("r");
  Batch batch;
  PartInfo info;
  info.run = run;
  info.row_count = 40;
  info.line_count = 4;
  info.first_line = 4;
  info.end_line = 8;
  info.last_step = 80;
  batch.add_parts.push_back({info, "PAR1", "overview"});
  info.first_line = 0;
  info.end_line = 4;
  info.object_key = "runs/1/parts/x.parquet";
  info.overview_key = "runs/1/parts/x.overview";
  batch.add_parts.push_back({info, "", ""});
  ASSERT_TRUE(store_->commit(batch));
  const auto parts = store_->parts(run, Stream::kHistory);
  ASSERT_EQ(parts->size(), 2u);
  EXPECT_EQ(parts->at(0).object_key, "runs/1/parts/x.parquet");
  EXPECT_EQ(parts->at(1).end_line, 8);
  EXPECT_EQ(*store_->part_bytes(parts->at(1).id), "PAR1");
  EXPECT_EQ(*store_->part_overview(parts->at(1).id), "overview");
  EXPECT_EQ(store_->part_bytes(parts->at(0).id).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(*store_->list_part_objects(),
              ElementsAre("runs/1/parts/x.overview", "runs/1/parts/x.parquet"));
  EXPECT_THAT(*store_->parts(run, Stream::kEvents), IsEmpty());
  batch = {};
  batch.remove_parts = {parts->at(0).id};
  batch.put_chunks = {chunk(run, 8, 1)};
  ASSERT_TRUE(store_->commit(batch));
  const auto both = store_->lines(run, Stream::kHistory);
  ASSERT_EQ(both->parts.size(), 1u);
  EXPECT_EQ(both->parts[0].first_line, 4);
  ASSERT_EQ(both->tail.size(), 1u);
  EXPECT_EQ(both->tail[0].data, "data");
}

TEST_P(StoreContract, KeysAreReplacedByNameAndSummedByProject) {
  const RunId a = make_run("a"), b = make_run("b");
  Batch batch;
  batch.keys = {{a, {{"loss", 5, 0, 0, 0, 0, 50}, {"text", 0, 2, 0, 0, 0, 20}}},
                {b, {{"loss", 1, 1, 0, 0, 0, 10}}}};
  ASSERT_TRUE(store_->commit(batch));
  batch.keys = {{a, {{"loss", 6, 0, 0, 0, 0, 60}}}};
  ASSERT_TRUE(store_->commit(batch));
  const auto keys = store_->keys(a);
  ASSERT_EQ(keys->size(), 2u);
  EXPECT_EQ(keys->at(0).name, "loss");
  EXPECT_EQ(keys->at(0).numbers, 6);
  EXPECT_STREQ(keys->at(0).type_name(), "number");
  EXPECT_STREQ(keys->at(1).type_name(), "string");
  const auto all = store_->project_keys(project_);
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ(all->at(0).numbers, 7);
  EXPECT_EQ(all->at(0).last_step, 60);
  EXPECT_STREQ(all->at(0).type_name(), "mixed");
}

TEST_P(StoreContract, FilesByName) {
  const RunId run = make_run("r");
  Batch batch;
  batch.files = {{run, {"media/b.png", "k2", 9, "md5", "image/png", 5}},
                 {run, {"a.txt", "", 0, "", "", 4}}};
  ASSERT_TRUE(store_->commit(batch));
  batch.files = {{run, {"a.txt", "k1", 3, "m", "text/plain", 6}}};
  ASSERT_TRUE(store_->commit(batch));
  const auto files = store_->files(run);
  ASSERT_EQ(files->size(), 2u);
  EXPECT_EQ(files->at(0).name, "a.txt");
  EXPECT_EQ(files->at(0).object_key, "k1");
  EXPECT_EQ(store_->file(run, "media/b.png")->mimetype, "image/png");
  ASSERT_TRUE(store_->delete_file(run, "a.txt"));
  EXPECT_EQ(store_->file(run, "a.txt").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store_->delete_file(run, "a.txt").error().code, ErrorCode::kNotFound);
}

TEST_P(StoreContract, ADeletedRunLeavesNothingButItsObjectPrefix) {
  const RunId run = make_run("r");
  Batch batch;
  PartInfo part;
  part.run = run;
  batch.put_chunks = {chunk(run, 0, 1)};
  batch.add_parts = {{part, "p", "o"}};
  batch.keys = {{run, {{"k", 1, 0, 0, 0, 0, 0}}}};
  batch.files = {{run, {"f", "k", 1, "", "", 0}}};
  ASSERT_TRUE(store_->commit(batch));
  ASSERT_TRUE(store_->delete_runs({{run, "runs/1"}}));
  EXPECT_EQ(store_->get_run(run).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store_->delete_runs({{run, "runs/1"}}).error().code, ErrorCode::kNotFound);
  // Nothing comes back through a batch that was under way.
  RunUpdate update;
  update.run = run;
  update.history_lines = 5;
  batch.runs = {update};
  ASSERT_TRUE(store_->commit(batch));
  EXPECT_THAT(*store_->tail(run, Stream::kHistory, 0, 10), IsEmpty());
  EXPECT_THAT(*store_->parts(run, Stream::kHistory), IsEmpty());
  EXPECT_THAT(*store_->keys(run), IsEmpty());
  EXPECT_THAT(*store_->files(run), IsEmpty());
  EXPECT_THAT(*store_->list_tails(), IsEmpty());
  ASSERT_EQ(store_->list_deleted_runs()->size(), 1u);
  EXPECT_EQ(store_->list_deleted_runs()->at(0).object_prefix, "runs/1");
  ASSERT_TRUE(store_->forget_deleted_runs({run}));
  EXPECT_THAT(*store_->list_deleted_runs(), IsEmpty());
  EXPECT_NE(make_run("r"), run);  // the id is not used again
}

TEST_P(StoreContract, ManyRunsAreDeletedAndMovedAsOneIsAndAllOrNone) {
  std::vector<RunId> ids;
  for (int i = 0; i < 300; ++i) ids.push_back(make_run("r" + std::to_string(i)));
  const auto left = make_run("left");
  const auto cost = [this](auto&& write) {
    const auto before = store_->statement_count();
    EXPECT_TRUE(write());
    return store_->statement_count() - before;
  };
  const auto other = store_->create_project(store_->find_entity("alice")->id, "other", 1)->id;
  const auto move = [&](std::size_t first, std::size_t count) {
    const std::vector<RunId> some(ids.begin() + first, ids.begin() + first + count);
    return store_->move_runs(some, other, 5);
  };
  EXPECT_EQ(cost([&] { return move(0, 1); }), cost([&] { return move(1, 299); }));
  EXPECT_EQ(store_->count_runs(other).value(), 300);

  const auto gone = [&](std::size_t first, std::size_t count) {
    std::vector<DeletedRun> runs;
    for (std::size_t i = first; i < first + count; ++i) runs.push_back({ids[i], "runs/x"});
    return runs;
  };
  auto with_stranger = gone(0, 100);
  with_stranger.push_back({RunId{99999}, ""});
  EXPECT_EQ(store_->delete_runs(with_stranger).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store_->count_runs(other).value(), 300);
  EXPECT_EQ(cost([&] { return store_->delete_runs(gone(0, 1)); }),
            cost([&] { return store_->delete_runs(gone(1, 299)); }));
  EXPECT_EQ(store_->count_runs(other).value(), 0);
  EXPECT_EQ(store_->list_deleted_runs()->size(), 300u);
  ASSERT_TRUE(store_->forget_deleted_runs(ids));
  EXPECT_THAT(*store_->list_deleted_runs(), IsEmpty());
  EXPECT_TRUE(store_->get_run(left));
}

TEST_P(StoreContract, ReadersAndWritersAtOnceSeeWholeTransactions) {
  const RunId run = make_run("r");
  constexpr int kCommits = 60;
  std::thread writer([&] {
    for (int i = 1; i <= kCommits; ++i) {
      Batch batch;
      RunUpdate update;
      update.run = run;
      update.history_lines = i;
      update.last_step = i;
      batch.runs = {update};
      batch.put_chunks = {chunk(run, i, 1)};
      EXPECT_TRUE(store_->commit(batch));
    }
  });
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 6; ++reader) {
    readers.emplace_back([&] {
      while (true) {
        const auto info = store_->get_run(run);
        ASSERT_TRUE(info);
        ASSERT_TRUE(info->history_lines == 0 || info->history_lines == info->last_step);
        // The chunks were committed with the counter, or after it was read.
        ASSERT_GE(static_cast<std::int64_t>(store_->tail_index(run, Stream::kHistory)->size()),
                  info->history_lines);
        if (info->history_lines == kCommits) return;
      }
    });
  }
  writer.join();
  for (auto& reader : readers) reader.join();
}

INSTANTIATE_TEST_SUITE_P(Engines, StoreContract, every_engine(), engine_name);

// A picture of all that can be read of a project, to compare engines by.
std::string picture(const Store& store, ProjectId project) {
  std::string text;
  const auto number = [&](std::int64_t value) { text += std::to_string(value) + ","; };
  for (const auto& run : take(store.list_runs({.project = project}))) {
    text += "\nrun " + run.name + " " + run.config_json + run.summary_json + run.notes;
    number(run.history_lines);
    number(run.last_step);
    number(static_cast<int>(run.state));
    for (const Stream stream : {Stream::kHistory, Stream::kEvents, Stream::kConsole}) {
      const auto lines = take(store.lines(run.id, stream));
      for (const auto& chunk : lines.tail) {
        number(chunk.first_line);
        number(chunk.line_count);
        text += chunk.data;
      }
      for (const auto& part : lines.parts) {
        number(part.first_line);
        text += *store.part_bytes(part.id);
      }
      for (const auto& found : take(store.tail(run.id, stream, 5, 12))) number(found.first_line);
    }
    for (const auto& key : take(store.keys(run.id))) {
      text += key.name;
      number(key.count());
    }
  }
  return text;
}

TEST(StoreModel, RandomOperationsGiveTheSameInBothEngines) {
  const auto folder = std::filesystem::temp_directory_path() / ("runstone-model-" + random_id());
  std::filesystem::create_directories(folder);
  const auto seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const auto below = [&](int bound) { return static_cast<int>(random() % bound); };
  {
    auto sqlite = open_sqlite(folder);
    auto model = memory::make_store();
    ProjectId project_of_sqlite{}, project_of_model{};
    std::map<std::string, std::pair<RunId, RunId>> runs;  // ids in sqlite, in the model
    for (auto* store : {sqlite.get(), model.get()}) {
      ASSERT_TRUE(store->create_user({{}, "alice", "", "", false, 1}));
      (store == sqlite.get() ? project_of_sqlite : project_of_model) =
          store->create_project(store->find_entity("alice")->id, "p", 1)->id;
    }
    for (int step = 0; step < 150; ++step) {
      const std::string name = "r" + std::to_string(below(5));
      const auto known = runs.find(name);
      if (known == runs.end()) {
        const auto a = sqlite->create_run({project_of_sqlite, name, name, {}, {}, step}, {});
        const auto b = model->create_run({project_of_model, name, name, {}, {}, step}, {});
        ASSERT_TRUE(a && b);
        runs[name] = {a->id, b->id};
        continue;
      }
      if (below(15) == 0) {
        ASSERT_TRUE(sqlite->delete_runs({{known->second.first, "x"}}));
        ASSERT_TRUE(model->delete_runs({{known->second.second, "x"}}));
        runs.erase(known);
        continue;
      }
      const auto stream = static_cast<Stream>(below(kStreamCount));
      const int first = below(4) * 4, kind = below(5), value = below(1000);
      for (auto* store : {sqlite.get(), model.get()}) {
        const RunId run = store == sqlite.get() ? known->second.first : known->second.second;
        Batch batch;
        RunUpdate update;
        update.run = run;
        update.history_lines = value;
        if (kind == 0) update.notes = std::to_string(value);
        if (kind == 1) update.config_json = "{\"v\":" + std::to_string(value) + "}";
        if (kind == 2) update.state = static_cast<RunState>(value % 8);
        if (kind == 3) batch.remove_chunks.push_back({run, stream, first});
        batch.put_chunks.push_back(
            {run, stream, first + 4, 1 + value % 4, 0, 0, 1, "d" + std::to_string(value)});
        if (kind == 4) {
          PartInfo part;
          part.run = run;
          part.stream = stream;
          part.first_line = value;
          batch.add_parts.push_back({part, "part" + std::to_string(value), "o"});
          const auto parts = store->parts(run, stream);
          if (parts->size() > 1) batch.remove_parts.push_back(parts->front().id);
        }
        batch.keys.push_back({run, {{"k" + std::to_string(value % 3), value, 0, 0, 0, 0, 1}}});
        batch.runs.push_back(update);
        ASSERT_TRUE(store->commit(batch));
      }
      if (step % 10 == 9) {
        ASSERT_EQ(picture(*sqlite, project_of_sqlite), picture(*model, project_of_model));
      }
    }
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace runstone::store
