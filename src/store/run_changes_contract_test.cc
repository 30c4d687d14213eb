// Change numbers, moves and the batched reads of a page of runs: what both engines must do.
#include <gmock/gmock.h>

#include <filesystem>
#include <map>
#include "store/engine_fixture.h"

namespace runstone::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class RunChanges : public EngineTest {
 protected:
  void SetUp() override { project_ = store_->create_project(entity_, "p1", 10)->id; }
  RunId make_run(const std::string& name) {
    return store_->create_run({project_, name, name, std::nullopt, RunState::kFinished, 1}, {})->id;
  }
  void change(RunUpdate update) {
    Batch batch;
    batch.runs.push_back(std::move(update));
    ASSERT_TRUE(store_->commit(batch));
  }
  /// What changed after `since` by name, with the newest number put into it.
  std::map<std::string, RunInfo> changed(std::int64_t& since, std::int64_t count) {
    std::map<std::string, RunInfo> all;
    auto newest = since;
    const auto counted = store_->changed_runs(project_, since, [&](ChangedRun&& run) {
      newest = std::max(newest, run.change);
      all[run.run.name] = run.run;
    });
    EXPECT_TRUE(counted);
    EXPECT_EQ(*counted, count);
    since = newest;
    return all;
  }

  ProjectId project_{};
};

TEST_P(RunChanges, GivesWhatChangedAndOnlyTheTextsThatDid) {
  const auto a = make_run("a");
  make_run("b");
  std::int64_t seen = -1;
  EXPECT_EQ(changed(seen, 2).size(), 2u);
  EXPECT_THAT(changed(seen, 2), IsEmpty());
  RunUpdate summary;
  summary.run = a;
  summary.summary_json = R"({"loss":1})";
  change(summary);
  auto found = changed(seen, 2);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found["a"].summary_json, R"({"loss":1})");
  EXPECT_EQ(found["a"].config_json, "");
  RunUpdate heartbeat;
  heartbeat.run = a;
  heartbeat.heartbeat_at_us = 77;
  change(heartbeat);
  found = changed(seen, 2);
  EXPECT_EQ(found["a"].heartbeat_at_us, 77);
  EXPECT_EQ(found["a"].summary_json, "");
  ASSERT_TRUE(store_->delete_runs({{a, ""}}));
  EXPECT_THAT(changed(seen, 1), IsEmpty());
  EXPECT_EQ(store_->list_run_ids(project_)->size(), 1u);
}

TEST_P(RunChanges, AMovedRunIsNewInItsProject) {
  const auto a = make_run("a");
  std::int64_t seen = -1;
  changed(seen, 1);
  const auto other = store_->create_project(store_->find_entity("alice")->id, "p2", 10)->id;
  ASSERT_TRUE(store_->move_runs({a}, other, 99));
  EXPECT_THAT(changed(seen, 0), IsEmpty());
  EXPECT_EQ(store_->find_run("alice", "p2", "a")->updated_at_us, 99);
  EXPECT_EQ(store_->find_run("alice", "p1", "a").error().code, ErrorCode::kNotFound);
  project_ = other;
  const auto found = changed(seen, 1);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found.at("a").config_json, "{}");
}

TEST_P(RunChanges, MovesNeitherOverAnotherRunNorIntoNothing) {
  const auto a = make_run("a");
  const auto other = store_->create_project(store_->find_entity("alice")->id, "p2", 10)->id;
  EXPECT_EQ(store_->move_runs({a}, ProjectId{99999}, 1).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store_->move_runs({RunId{99999}}, other, 1).error().code, ErrorCode::kNotFound);
  const auto first = project_;
  project_ = other;
  make_run("a");
  EXPECT_EQ(store_->move_runs({a}, other, 1).error().code, ErrorCode::kConflict);
  EXPECT_EQ(store_->get_run(a)->project, first);
}

TEST_P(RunChanges, ReadsForManyRunsAtOnce) {
  const auto a = make_run("a"), b = make_run("b"), c = make_run("c");
  Batch batch;
  for (const std::int64_t first : {0, 5}) {
    batch.put_chunks.push_back(
        {a, Stream::kEvents, first, 5, -1, -1, 9, "chunk" + std::to_string(first)});
  }
  for (const std::int64_t first : {0, 3}) {
    NewPart part;
    part.info.run = b;
    part.info.stream = Stream::kEvents;
    part.info.first_line = first;
    part.info.end_line = first + 3;
    part.overview = "overview" + std::to_string(first);
    batch.add_parts.push_back(part);
  }
  KeyInfo loss;
  loss.name = "loss";
  loss.numbers = 4;
  batch.keys.push_back({a, {loss}});
  RunFile file;
  file.name = "with bytes";
  file.object_key = "there";
  batch.files.push_back({b, file});
  file.name = "announced";
  file.object_key = "";
  batch.files.push_back({b, file});
  ASSERT_TRUE(store_->commit(batch));
  const std::vector<RunId> runs = {a, b, c, RunId{99999}};
  const auto chunks = store_->last_chunks(runs, Stream::kEvents);
  ASSERT_TRUE(chunks);
  ASSERT_EQ(chunks->size(), 1u);
  EXPECT_EQ(chunks->front().data, "chunk5");
  const auto parts = store_->last_parts(runs, Stream::kEvents);
  ASSERT_TRUE(parts);
  ASSERT_EQ(parts->size(), 1u);
  EXPECT_EQ(parts->front().overview, "overview3");
  EXPECT_EQ(parts->front().info.run, b);
  const auto keys = store_->keys_of(runs);
  ASSERT_TRUE(keys);
  ASSERT_EQ(keys->size(), 1u);
  EXPECT_EQ(keys->front().run, a);
  EXPECT_EQ(keys->front().key.numbers, 4);
  const auto files = store_->count_files(runs);
  ASSERT_TRUE(files);
  ASSERT_EQ(files->size(), 1u);
  EXPECT_EQ(files->front().run, b);
  EXPECT_EQ(files->front().count, 1);
}

INSTANTIATE_TEST_SUITE_P(Engines, RunChanges, every_engine(), engine_name);

}  // namespace
}  // namespace runstone::store
