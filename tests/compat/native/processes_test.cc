// Several runs in one process, several threads and processes in one run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <runstone/api.h>
#include <runstone/run.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "outcome.h"
#include "place.h"

namespace native {
namespace {

using runstone::Dict;
using runstone::ErrorCode;

TEST(Processes, P1RunsBesideEachOtherNeverMixAndAFinishedOneRefuses) {
  runstone::Run one = start("one");
  runstone::Run two = start("two");
  for (int i = 0; i < 50; ++i) {
    must(one.log({{"of", "one"}, {"i", i}}));
    must(two.log({{"of", "two"}, {"i", -i}}, {std::nullopt, i % 2 == 1}));
  }
  must(one.config().set("whose", "one"));
  must(two.config().set("whose", "two"));
  finish(one);
  expect_refused(one.log({{"late", 1}}), ErrorCode::kFailedPrecondition, "finished");
  must(two.log({{"of", "two"}, {"i", 0}}));  // goes on
  runstone::Run four = start("four");
  finish(two);
  expect_refused(two.log({{"late", 1}}), ErrorCode::kFailedPrecondition, "finished");
  must(four.log({{"of", "four"}, {"i", 4}}));
  finish(four);

  const auto check = [](const std::string& id, std::size_t rows) {
    SCOPED_TRACE(id);
    const std::vector<Dict> there = rows_of(stored(id));
    EXPECT_EQ(there.size(), rows);
    for (const Dict& row : there) EXPECT_EQ(row.find("of")->string_or(""), id);
    EXPECT_EQ(stored(id).state(), "finished");
  };
  check("one", 50);
  check("two", 26);
  check("four", 1);
  EXPECT_EQ(must(stored("one").config()), (Dict{{"whose", "one"}}));
  EXPECT_EQ(must(stored("two").config()), (Dict{{"whose", "two"}}));
}

TEST(Processes, X2RowsOfForkedChildrenAndThreadsAreAllOnTheServer) {
  runstone::Run run = start("r1");
  std::vector<pid_t> children;
  std::vector<std::thread> threads;
  std::atomic<int> refused = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&run, &refused, t] {
      for (int i = 0; i < 100; ++i) {
        if (!run.log({{"thread", t}, {"i", i}})) ++refused;
      }
    });
  }
  for (int c = 0; c < 2; ++c) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) _exit(run.log({{"child", c}}) && run.is_child() ? 0 : 1);
    children.push_back(child);
  }
  for (auto& thread : threads) thread.join();
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(refused, 0);
  EXPECT_FALSE(run.finished()) << "a child that ends does not finish the run";
  finish(run);

  const runstone::PublicRun there = stored("r1");
  const auto steps = steps_of(there);
  EXPECT_EQ(steps.size(), 402u);
  EXPECT_EQ(std::set(steps.begin(), steps.end()).size(), 402u);
  std::set<std::int64_t> of_children;
  std::set<std::pair<std::int64_t, std::int64_t>> of_threads;
  for (const Dict& row : rows_of(there)) {
    if (const auto* child = row.find("child")) {
      of_children.insert(child->int_or(-1));
    } else {
      of_threads.insert({row.find("thread")->int_or(-1), row.find("i")->int_or(-1)});
    }
  }
  EXPECT_EQ(of_children, (std::set<std::int64_t>{0, 1}));
  EXPECT_EQ(of_threads.size(), 400u);
}

TEST(Processes, WhatAChildSaysOfTheRunIsOnTheServer) {
  runstone::Run run = start("r1");
  must(run.set_notes("by the parent"));
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    runstone::MetricOptions least;
    least.summary = "min";
    bool ok = run.set_name("by the child") && run.set_tags({"c"}) &&
              run.define_metric("loss", least) && run.config().set("of", "the child");
    for (const int loss : {3, 1, 2}) ok = ok && run.log({{"loss", loss}});
    _exit(ok ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  finish(run);
  const runstone::PublicRun there = stored("r1");
  EXPECT_EQ(there.name(), "by the child");
  EXPECT_EQ(there.notes(), "by the parent");
  EXPECT_THAT(there.tags(), testing::ElementsAre("c"));
  EXPECT_EQ(must(there.config()), (Dict{{"of", "the child"}}));
  EXPECT_EQ(summary_of(there, {"loss"}), runstone::Value(Dict{{"min", 1}}));
}

}  // namespace
}  // namespace native
