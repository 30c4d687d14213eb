#include "query/run_list.h"

#include <algorithm>
#include <filesystem>
#include <random>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/random_id.h"
#include "query/filter.h"
#include "query/run_facts.h"
#include "query/run_index.h"
#include "store/memory/forwarding_store.h"
#include "store/memory/memory_store.h"
#include "store/sqlite/sqlite_store.h"

namespace runstone::query {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using MakeStore = std::unique_ptr<store::Store> (*)(const std::filesystem::path& folder);

std::unique_ptr<store::Store> memory_store(const std::filesystem::path&) {
  return store::memory::make_store();
}
std::unique_ptr<store::Store> sqlite_store(const std::filesystem::path& folder) {
  return *store::sqlite::open_store(folder / "runs.db");
}

class RunListTest : public ::testing::TestWithParam<MakeStore> {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("runstone_run_list_" + random_id());
    std::filesystem::create_directories(folder_);
    store_ = GetParam()(folder_);
    store::User user;
    user.name = "alice";
    ASSERT_TRUE(store_->create_user(user));
    project_ = add_project("digits");
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  store::ProjectId add_project(const std::string& name) {
    return store_->create_project(store_->find_entity("alice")->id, name, 1)->id;
  }
  store::RunId add_run(const std::string& name, const std::string& config,
                       const std::string& summary, std::int64_t created = 1) {
    store::NewRun run;
    run.project = project_;
    run.name = run.display_name = name;
    run.created_at_us = created;
    store::RunUpdate update;
    update.config_json = config;
    update.summary_json = summary;
    const auto made = store_->create_run(run, update);
    EXPECT_TRUE(made) << made.error().message;
    return made->id;
  }
  void update(store::RunUpdate change) {
    store::Batch batch;
    batch.runs.push_back(std::move(change));
    ASSERT_TRUE(store_->commit(batch));
  }
  void set_summary(store::RunId run, const std::string& summary) {
    store::RunUpdate change;
    change.run = run;
    change.summary_json = summary;
    update(std::move(change));
  }
  Result<RunPage> page(const std::string& filters, const std::string& order,
                       std::int64_t first = -1, const std::string& after = "") {
    RunListRequest request;
    request.project = project_;
    request.filters = filters;
    request.order = order;
    request.first = first;
    request.after = after;
    return list_runs(*store_, indexes_, request);
  }
  std::vector<std::string> names(const std::string& filters,
                                 const std::string& order = "+summary_metrics.loss") {
    const auto found = page(filters, order);
    EXPECT_TRUE(found) << found.error().message;
    std::vector<std::string> all;
    if (!found) return all;
    for (const auto& item : found->items) all.push_back(item.run.name);
    return all;
  }

  std::filesystem::path folder_;
  std::unique_ptr<store::Store> store_;
  store::ProjectId project_{};
  RunIndexes indexes_{64 << 20};
};

TEST_P(RunListTest, SeesEveryChangeAtOnce) {
  const auto a = add_run("a", R"({"lr":{"value":1}})", R"({"loss":3})");
  const auto b = add_run("b", R"({"lr":{"value":2}})", R"({"loss":2})");
  EXPECT_THAT(names("{}"), ElementsAre("b", "a"));
  set_summary(a, R"({"loss":1})");
  EXPECT_THAT(names("{}"), ElementsAre("a", "b"));
  EXPECT_THAT(names(R"({"config.lr":1})"), ElementsAre("a"));  // the config was not lost by that
  add_run("c", "{}", R"({"loss":0})");
  EXPECT_THAT(names("{}"), ElementsAre("c", "a", "b"));
  store::RunUpdate change;
  change.run = b;
  change.config_json = R"({"lr":{"value":1}})";
  change.tags = std::vector<std::string>{"best"};
  change.state = store::RunState::kFinished;
  update(change);
  EXPECT_THAT(names(R"({"config.lr":1})"), ElementsAre("a", "b"));
  EXPECT_THAT(names(R"({"tags":"best","state":"finished"})"), ElementsAre("b"));
  ASSERT_TRUE(store_->delete_runs({{a, ""}}));
  EXPECT_THAT(names("{}"), ElementsAre("c", "b"));
  // As many come as go.
  ASSERT_TRUE(store_->delete_runs({{b, ""}}));
  add_run("d", "{}", R"({"loss":-1})");
  EXPECT_THAT(names("{}"), ElementsAre("d", "c"));
}

TEST_P(RunListTest, ARunThatMovesIsInOneProjectOnly) {
  const auto a = add_run("a", R"({"lr":{"value":1}})", R"({"loss":3})");
  add_run("b", "{}", R"({"loss":2})");
  const auto other = add_project("other");
  const auto first = project_;
  EXPECT_THAT(names("{}"), ElementsAre("b", "a"));
  project_ = other;
  EXPECT_THAT(names("{}"), IsEmpty());
  ASSERT_TRUE(store_->move_runs({a}, other, 5));
  EXPECT_THAT(names(R"({"config.lr":1})"), ElementsAre("a"));
  project_ = first;
  EXPECT_THAT(names("{}"), ElementsAre("b"));
}

TEST_P(RunListTest, PagesAreWholeAndStableWhileRunsComeAndGo) {
  std::mt19937 random(11);
  std::set<std::string> wanted;
  std::vector<store::RunId> ids;
  for (int i = 0; i < 300; ++i) {
    const auto name = "r" + std::to_string(i);
    ids.push_back(add_run(
        name, "{}", i % 7 == 0 ? "{}" : R"({"loss":)" + std::to_string(random() % 20) + "}", i));
    wanted.insert(name);
  }
  std::multiset<std::string> seen;
  std::string after;
  for (int pages = 0; pages < 100; ++pages) {
    const auto found = page(R"({"name":{"$regex":"^r"}})", "-summary_metrics.loss", 7, after);
    ASSERT_TRUE(found) << found.error().message;
    for (const auto& item : found->items) seen.insert(item.run.name);
    if (!found->has_next) break;
    after = found->items.back().cursor;
    add_run("x" + std::to_string(pages), "{}", R"({"loss":100})");
    add_run("y" + std::to_string(pages), "{}", R"({"loss":-100})");
  }
  EXPECT_EQ(seen, std::multiset<std::string>(wanted.begin(), wanted.end()));
}

TEST_P(RunListTest, OrdersByAnyKeyAndMissingLast) {
  add_run("a", R"({"n":{"value":{"x":2}},"s":{"value":"b"}})", R"({"loss":NaN})", 1);
  add_run("b", R"({"n":{"value":{"x":1}},"s":{"value":"a"}})", R"({"loss":0.5})", 2);
  add_run("c", "{}", "{}", 3);
  EXPECT_THAT(names("{}", "+config.n.x"), ElementsAre("b", "a", "c"));
  EXPECT_THAT(names("{}", "-config.n.value.x"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(names("{}", "+config.s.value"), ElementsAre("b", "a", "c"));
  EXPECT_THAT(names("{}", "-created_at"), ElementsAre("c", "b", "a"));
  EXPECT_THAT(names("{}", "-display_name"), ElementsAre("c", "b", "a"));
  EXPECT_THAT(names("{}", "+state,-name"), ElementsAre("c", "b", "a"));
  EXPECT_THAT(names("{}", "+summary_metrics.never_logged"), ElementsAre("a", "b", "c"));
  add_run("d", "{}", R"({"loss":-Infinity})", 4);
  EXPECT_THAT(names("{}", "+summary_metrics.loss"), ElementsAre("d", "b", "a", "c"));
  EXPECT_THAT(names("{}", "-summary_metrics.loss"), ElementsAre("b", "d", "a", "c"));
  EXPECT_THAT(names(R"({"config._wandb.x":null})", "-name"), ElementsAre("d", "c", "b", "a"));
}

TEST_P(RunListTest, SaysWhatIsWrongWithARequest) {
  add_run("a", "{}", R"({"loss":1})");
  add_run("b", "{}", R"({"loss":2})");
  const auto message = [](const Result<RunPage>& found) {
    EXPECT_FALSE(found);
    if (found) return std::string();
    EXPECT_EQ(found.error().code, ErrorCode::kInvalidArgument);
    return found.error().message;
  };
  const auto first = page("{}", "+summary_metrics.loss", 1);
  ASSERT_TRUE(first);
  const auto cursor = first->items.front().cursor;
  EXPECT_THAT(message(page("{}", "-summary_metrics.loss", 1, cursor)), HasSubstr("another order"));
  EXPECT_THAT(message(page("{}", "+created_at", 1, cursor)), HasSubstr("another order"));
  EXPECT_THAT(message(page("{}", "+summary_metrics.loss", 1, "bm8=")), HasSubstr("no cursor"));
  EXPECT_THAT(message(page("{}", "+summary_metrics.loss", 1, "%%%")), HasSubstr("no cursor"));
  EXPECT_THAT(message(page("{}", "+colour")), HasSubstr("no field \"colour\""));
  EXPECT_THAT(message(page(R"({"colour":1})", "")), HasSubstr("no field \"colour\""));
  EXPECT_THAT(message(page("{}", "name,name,name,name,name,name,name,name,name")),
              HasSubstr("more than 8"));
  const auto none = page("{}", "+summary_metrics.loss", 0);
  ASSERT_TRUE(none);
  EXPECT_THAT(none->items, IsEmpty());
  EXPECT_TRUE(none->has_next);
  EXPECT_EQ(page("{}", "+name", std::int64_t{1} << 60)->items.size(), 2u);
}

TEST_P(RunListTest, AProjectTooLargeForTheCacheIsStillListed) {
  RunIndexes tiny(1);
  for (int i = 0; i < 20; ++i) {
    add_run("r" + std::to_string(i), "{}", R"({"loss":)" + std::to_string(i) + "}");
  }
  RunListRequest request;
  request.project = project_;
  request.order = "-summary_metrics.loss";
  request.first = 2;
  for (int i = 0; i < 3; ++i) {
    const auto found = list_runs(*store_, tiny, request);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->items.front().run.name, "r19");
  }
}

/// Counts the runs that are read for an index.
class CountingReads final : public store::memory::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  Result<std::int64_t> changed_runs(
      store::ProjectId project, std::int64_t since,
      const std::function<void(store::ChangedRun&&)>& take) const override {
    return ForwardingStore::changed_runs(project, since, [&](store::ChangedRun&& run) {
      ++reads;
      take(std::move(run));
    });
  }
  mutable int reads = 0;
};

TEST_P(RunListTest, WhatWasPreparedIsNotReadAgain) {
  add_run("a", "{}", R"({"loss":2})");
  const auto first = project_;
  project_ = add_project("second");
  add_run("b", "{}", R"({"loss":1})");
  CountingReads counting(*store_);
  std::atomic<bool> stop = true;
  ASSERT_TRUE(indexes_.prepare(counting, stop));
  EXPECT_EQ(counting.reads, 0);
  stop = false;
  ASSERT_TRUE(indexes_.prepare(counting, stop));
  EXPECT_EQ(counting.reads, 2);
  for (const auto project : {first, project_}) {
    RunListRequest request;
    request.project = project;
    request.order = "+summary_metrics.loss";
    EXPECT_EQ(list_runs(counting, indexes_, request)->items.size(), 1u);
  }
  EXPECT_EQ(counting.reads, 2);
}

TEST_P(RunListTest, ReadersSeeWholeRunsWhileAWriterChangesThem) {
  std::vector<store::RunId> ids;
  for (int i = 0; i < 20; ++i) {
    ids.push_back(add_run("r" + std::to_string(i), R"({"a":{"value":0}})", R"({"b":0})"));
  }
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int round = 1; round <= 50; ++round) {
      for (const auto id : ids) {
        store::RunUpdate change;
        change.run = id;
        change.config_json = R"({"a":{"value":)" + std::to_string(round) + "}}";
        change.summary_json = R"({"b":)" + std::to_string(round) + "}";
        update(std::move(change));
      }
    }
    done = true;
  });
  while (!done) {
    for (int round = 0; round <= 50; round += 10) {
      const auto number = std::to_string(round);
      const auto torn =
          R"({"config.a":)" + number + R"(,"summary_metrics.b":{"$ne":)" + number + "}}";
      const auto found = page(torn, "+summary_metrics.b");
      EXPECT_TRUE(found && found->items.empty());
    }
  }
  writer.join();
  EXPECT_EQ(names(R"({"config.a":50,"summary_metrics.b":50})").size(), ids.size());
}

INSTANTIATE_TEST_SUITE_P(Engines, RunListTest, ::testing::Values(&memory_store, &sqlite_store),
                         [](const auto& info) { return info.index == 0 ? "memory" : "sqlite"; });

/// Random JSON objects with dotted labels, nesting, lists and every scalar.
class RandomJson {
 public:
  explicit RandomJson(unsigned seed) : random_(seed) {}
  Value value(int depth) {
    switch (random_() % (depth > 2 ? 6 : 8)) {
      case 0:
        return Value();
      case 1:
        return Value(random_() % 2 == 0);
      case 2:
        return Value(static_cast<std::int64_t>(random_()) * 7'000'000'007);
      case 3:
        return Value(static_cast<double>(random_()) / 1e6);
      case 4:
        return Value(std::numeric_limits<double>::quiet_NaN());
      case 5:
        return Value("text \"" + std::to_string(random_() % 100) + "\" \u00e9");
      case 6: {
        List list;
        for (unsigned i = 0; i < random_() % 4; ++i) list.push_back(value(depth + 1));
        return list;
      }
      default:
        return dict(depth + 1);
    }
  }
  Dict dict(int depth) {
    static const std::vector<std::string> kLabels = {"a", "b", "value", "x/y", "k\u00e4", "", "_z"};
    Dict made;
    for (unsigned i = 0; i < random_() % 6; ++i)
      made.set(kLabels[random_() % kLabels.size()], value(depth));
    return made;
  }
  std::mt19937 random_;
};

void all_paths(const Value& value, const std::string& at, std::set<std::string>& out) {
  if (!at.empty()) out.insert(at);
  if (const auto* dict = value.if_dict()) {
    for (const auto& [label, inner] : *dict) {
      if (!label.empty()) all_paths(inner, at.empty() ? label : at + "." + label, out);
    }
  }
}

TEST(RunFacts, AnswerAsTheJsonItselfDoes) {
  RandomJson make(5);
  PathTable configs, summaries;
  for (int round = 0; round < 400; ++round) {
    store::RunInfo run;
    Dict config;
    for (const auto& [label, value] : make.dict(0)) {
      if (!label.empty()) config.set(label, Dict{{"desc", nullptr}, {"value", value}});
    }
    const Value summary = make.dict(0);
    run.config_json = json::to_text(Value(config));
    run.summary_json = json::to_text(summary);
    const auto config_facts = RunFacts::of_config(run.config_json, configs);
    const auto summary_facts = RunFacts::of_summary(run.summary_json, summaries);
    const RunFields fields(run);
    const auto compare = [&](const std::string& path, const RunFacts& facts, const PathTable& table,
                             bool is_config) {
      SCOPED_TRACE(path + "\n" + run.config_json + "\n" + run.summary_json);
      const auto field = *FieldPath::parse(path);
      const Value* wanted = fields.find(field);
      Value found;
      bool there = false;
      for (const auto number : table.find(field.key, is_config)) {
        there = facts.get(number, found);
        if (there) break;
      }
      ASSERT_EQ(there, wanted != nullptr);
      if (there) {
        EXPECT_EQ(json::to_text(found), json::to_text(*wanted));
      }
    };
    std::set<std::string> paths;
    all_paths(summary, "", paths);
    paths.insert("a.b.value");
    for (const auto& path : paths)
      compare("summary_metrics." + path, summary_facts, summaries, false);
    for (const auto& [label, entry] : config) {
      const Value* inner = entry.get("value");
      std::set<std::string> below;
      all_paths(inner != nullptr ? *inner : entry, label, below);
      for (const auto& path : below) compare("config." + path, config_facts, configs, true);
      compare("config." + label + ".value", config_facts, configs, true);
    }
  }
}

TEST(RunFacts, TakeBrokenTextForNothing) {
  PathTable paths;
  for (const char* text : {"", "[]", "{", R"({"a":1)", R"({"a":1}x)", "null", R"({"a":nope})"}) {
    const auto facts = RunFacts::of_summary(text, paths);
    for (const auto number : paths.find("a", false)) EXPECT_FALSE(facts.has(number)) << text;
  }
  const auto last = RunFacts::of_summary(R"({"a":1,"a":2,"b":-Infinity})", paths);
  Value value;
  ASSERT_TRUE(last.get(paths.find("a", false).front(), value));
  EXPECT_EQ(value, Value(2));
  ASSERT_TRUE(last.get(paths.find("b", false).front(), value));
  EXPECT_EQ(value, Value(-std::numeric_limits<double>::infinity()));
}

}  // namespace
}  // namespace runstone::query
