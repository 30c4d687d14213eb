// Rows of forked children whose parent died before it took them over; with real processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <protozero/pbf_writer.hpp>

#include "fs/file_system.h"
#include "sdk/child_journals.h"
#include "sdk/test_run.h"

namespace runstone {
namespace {

using testing_support::Journal;
using testing_support::read_journal;
using testing_support::read_text;
using testing_support::Workplace;

constexpr int kChildRows = 50;

void wait_for(pid_t child) {
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
}

std::string journal_of(const std::string& directory) {
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".wandb") return entry.path().string();
  }
  return "";
}

Result<void> merge(const std::string& directory) {
  return merge_children(directory, journal_of(directory));
}

/// A process that logs two rows, forks children that log kChildRows each, stops itself so that its
/// keeper takes nothing over, and is killed. Gives the run's directory.
std::string run_killed_before_its_children_were_read(Workplace& place, int child_count) {
  const std::string note = place.path() + "/directory";
  const pid_t parent = fork();
  if (parent == 0) {
    auto run = runstone::Run::init(place.options());
    MetricOptions synced;
    synced.step_metric = "epoch";
    discard(run->define_metric("loss", synced), "checked below");
    for (int i = 0; i < 2; ++i) discard(run->log({{"parent", i}, {"epoch", i}}), "checked below");
    std::ofstream(note) << run->sync_dir();
    for (int c = 0; c < child_count; ++c) {
      const pid_t child = fork();
      if (child == 0) {
        kill(getppid(), SIGKILL);  // the first child to run ends the parent at once
        for (int i = 0; i < kChildRows; ++i) {
          discard(run->log({{"child", c}, {"i", i}, {"loss", i * 0.5}, {"text", "x\"y"}}),
                  "checked below");
        }
        std::ofstream(note + std::to_string(c)) << "done";
        kill(getpid(), SIGKILL);
      }
      int status = 0;
      waitpid(child, &status, 0);
    }
    _exit(0);
  }
  wait_for(parent);
  return read_text(note);
}

/// Ends when the children of the dead parent, which are no children of ours, have ended, too. The
/// parent's own journal may be held for a moment by a program that it was just starting.
void wait_until_unlocked(const std::string& directory) {
  const auto wait = [](const std::string& path) {
    while (*fs::real_file_system().is_locked(path)) std::this_thread::yield();
  };
  wait(journal_of(directory));
  for (const auto& entry : std::filesystem::directory_iterator(directory + "/children")) {
    wait(entry.path());
  }
}

TEST(ChildMarker, OneOfAnotherFormIsNone) {
  const auto mark = find_child_marker(child_marker("1-a.wandb", 7));
  ASSERT_TRUE(mark);
  EXPECT_EQ(mark->file_name, "1-a.wandb");
  EXPECT_EQ(mark->record_number, 7u);
  std::string number, swapped, text;
  protozero::pbf_writer(number).add_uint64(1000, 7);
  EXPECT_FALSE(find_child_marker(number));
  protozero::pbf_writer inside(text);
  inside.add_uint64(1, 7);  // the file's name is a number, the number a text
  inside.add_string(2, "x");
  protozero::pbf_writer(swapped).add_message(1000, text);
  const auto empty = find_child_marker(swapped);
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->file_name, "");
  EXPECT_EQ(empty->record_number, 0u);
  EXPECT_FALSE(find_child_marker("\xff"));
}

TEST(MergeChildren, RowsOfADeadRunsChildGetTheNextStepsOnce) {
  Workplace place;
  const std::string note = place.path() + "/directory";
  const std::string directory = run_killed_before_its_children_were_read(place, 1);
  while (!std::filesystem::exists(note + "0")) std::this_thread::yield();
  wait_until_unlocked(directory);
  ASSERT_EQ(read_journal(directory).rows.size(), 2u) << "the parent took rows over: no test";
  for (int round = 0; round < 3; ++round) {
    const auto merged = merge(directory);
    ASSERT_TRUE(merged) << merged.error().message;
    const Journal journal = read_journal(directory);
    ASSERT_EQ(journal.rows.size(), 2u + kChildRows) << "round " << round;
    for (int i = 0; i < kChildRows; ++i) {
      const auto& row = journal.rows[2 + i];
      EXPECT_EQ(row.step, 2 + i);
      EXPECT_EQ(*row.leaves.find("i"), Value(i));
      EXPECT_EQ(*row.leaves.find("loss"), Value(i * 0.5));
      EXPECT_EQ(*row.leaves.find("text"), Value("x\"y"));
      EXPECT_EQ(*row.leaves.find("epoch"), Value(1)) << "step_sync";
      EXPECT_TRUE(row.leaves.contains("_timestamp"));
      EXPECT_TRUE(row.leaves.contains("_runtime"));
    }
    const Dict summary = journal.summary_of_records();
    EXPECT_EQ(*summary.find("i"), Value(kChildRows - 1));
    EXPECT_EQ(*summary.find("parent"), Value(1));
    EXPECT_EQ(*summary.find("_step"), Value(kChildRows + 1));
    EXPECT_EQ(journal.all<protocol::SummaryRecord>().size(), 1u);
  }
}

TEST(MergeChildren, SyncKilledAnywhereLosesAndDoublesNothing) {
  Workplace place;
  const std::string directory = run_killed_before_its_children_were_read(place, 1);
  while (!std::filesystem::exists(place.path() + "/directory0")) std::this_thread::yield();
  wait_until_unlocked(directory);
  const std::string journal_path = journal_of(directory);
  const std::string before = read_text(journal_path);
  ASSERT_TRUE(merge(directory));
  const std::string merged = read_text(journal_path);
  const auto begin = testing_support::read_journal(directory).rows.size();
  ASSERT_EQ(begin, 2u + kChildRows);
  // A kill leaves some first part of what was written: cut there, and sync again.
  const std::size_t first_new =
      std::mismatch(before.begin(), before.end(), merged.begin(), merged.end()).second -
      merged.begin();
  for (std::size_t cut = first_new; cut < merged.size(); cut += 37) {
    SCOPED_TRACE(testing::Message() << "cut at byte " << cut);
    std::ofstream(journal_path, std::ios::binary | std::ios::trunc) << merged.substr(0, cut);
    ASSERT_TRUE(merge(directory));
    const Journal journal = read_journal(directory);
    ASSERT_EQ(journal.rows.size(), 2u + kChildRows);
    for (std::size_t i = 0; i < journal.rows.size(); ++i) {
      ASSERT_EQ(journal.rows[i].step, static_cast<std::int64_t>(i));
    }
    for (int i = 0; i < kChildRows; ++i) {
      ASSERT_EQ(*journal.rows[2 + i].leaves.find("i"), Value(i));
    }
    ASSERT_EQ(*journal.summary_of_records().find("i"), Value(kChildRows - 1));
  }
}

TEST(MergeChildren, RowsThatTheParentTookOverAreNotTakenAgain) {
  Workplace place;
  runstone::Run run = place.start();
  const pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < kChildRows; ++i) discard(run.log({{"i", i}}), "checked by the parent");
    _exit(0);
  }
  wait_for(child);
  run.finish();
  const std::string before = read_text(journal_of(run.sync_dir()));
  ASSERT_EQ(read_journal(run.sync_dir()).rows.size(), static_cast<std::size_t>(kChildRows));
  ASSERT_TRUE(merge(run.sync_dir()));
  EXPECT_EQ(read_text(journal_of(run.sync_dir())), before);
}

TEST(MergeChildren, RowsLoggedAfterTheParentsFinishStandBeforeAnExitRecord) {
  Workplace place;
  runstone::Run run = place.start();
  int gate[2];
  ASSERT_EQ(pipe(gate), 0);
  const pid_t child = fork();
  if (child == 0) {
    discard(run.log({{"i", 0}}), "checked by the parent");
    char byte = 0;
    const bool told = read(gate[0], &byte, 1) == 1;
    discard(run.log({{"i", 1}}), "checked by the parent");
    _exit(told ? 0 : 1);
  }
  run.finish(3);
  ASSERT_EQ(write(gate[1], "x", 1), 1);
  wait_for(child);
  ASSERT_TRUE(merge(run.sync_dir()));
  const Journal journal = read_journal(run.sync_dir());
  ASSERT_EQ(journal.rows.size(), 2u);
  const auto* exit = std::get_if<protocol::ExitRecord>(&journal.records.back().body);
  ASSERT_NE(exit, nullptr);
  EXPECT_EQ(exit->exit_code, 3);
}

TEST(MergeChildren, WhatAChildCalledTheRunStandsInItsJournal) {
  Workplace place;
  runstone::Run run = place.start();
  auto attached = runstone::Run::attach(run.child_token());
  ASSERT_TRUE(attached);
  run.finish();
  ASSERT_TRUE(attached->set_name("later"));
  attached->finish();
  ASSERT_TRUE(merge(run.sync_dir()));
  const auto records = read_journal(run.sync_dir()).all<protocol::RunRecord>();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[1].run_id, run.id());
  EXPECT_EQ(records[1].display_name, "later");
}

TEST(MergeChildren, AChildThatStillLogsIsAnErrorThatSaysSo) {
  Workplace place;
  runstone::Run run = place.start();
  auto attached = runstone::Run::attach(run.child_token());
  ASSERT_TRUE(attached);
  ASSERT_TRUE(attached->log({{"i", 0}}));
  run.finish();
  const auto merged = merge(run.sync_dir());
  ASSERT_FALSE(merged);
  EXPECT_EQ(merged.error().code, ErrorCode::kConflict);
  EXPECT_THAT(merged.error().message, testing::HasSubstr("still being written"));
  attached->finish();
  EXPECT_TRUE(merge(run.sync_dir()));
}

TEST(MergeChildren, AnEmptyFileOfAChildThatDiedAtOnceIsNoError) {
  Workplace place;
  runstone::Run run = place.start();
  ASSERT_TRUE(run.log({{"i", 0}}));
  run.finish();
  std::filesystem::create_directories(run.sync_dir() + "/children");
  std::ofstream(run.sync_dir() + "/children/1-abcdef.wandb").flush();
  EXPECT_TRUE(merge(run.sync_dir()));
  EXPECT_EQ(read_journal(run.sync_dir()).rows.size(), 1u);
}

}  // namespace
}  // namespace runstone
