// How runs end, and what the server then calls them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <runstone/api.h>
#include <runstone/run.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>

#include "outcome.h"
#include "place.h"

namespace native {
namespace {

TEST(Ends, X1TheStatesOnTheServer) {
  const auto ends = [](const std::string& id, const std::string& state,
                       const std::function<void(runstone::Run run)>& end) {
    SCOPED_TRACE(id);
    {
      runstone::Run run = start(id);
      must(run.log({{"a", 1}}, {std::nullopt, false}));  // open until the end
      end(std::move(run));
    }
    EXPECT_EQ(stored(id).state(), state);
    EXPECT_THAT(rows_of(stored(id)), testing::ElementsAre(runstone::Dict{{"a", 1}}));
  };
  ends("finish", "finished", [](runstone::Run run) { EXPECT_TRUE(run.finish().delivered); });
  ends("finish0", "finished", [](runstone::Run run) { EXPECT_TRUE(run.finish(0).delivered); });
  ends("finish3", "failed", [](runstone::Run run) { EXPECT_TRUE(run.finish(3).delivered); });
  ends("scope", "finished", [](runstone::Run) {});
  ends("twice", "failed", [](runstone::Run run) {
    EXPECT_TRUE(run.finish(3).first_call);
    EXPECT_FALSE(run.finish(0).first_call);
  });
  ends("exception", "failed", [](runstone::Run run) {
    try {
      const runstone::Run unwound = std::move(run);
      throw std::runtime_error("of the user's program");
    } catch (const std::runtime_error&) {
    }
  });
}

TEST(Ends, X1AKilledRunIsCompletedBySyncAndCrashed) {
  int to_parent[2];
  ASSERT_EQ(pipe(to_parent), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    runstone::Run run = start("killed");
    for (int i = 0; i < 100; ++i) must(run.log({{"i", i}}));
    const std::string directory = run.sync_dir();
    const bool told = ::write(to_parent[1], directory.data(), directory.size()) ==
                      static_cast<ssize_t>(directory.size());
    if (!told) _exit(1);
    kill(getpid(), SIGKILL);
  }
  close(to_parent[1]);
  std::string directory(4096, '\0');
  const ssize_t size = ::read(to_parent[0], directory.data(), directory.size());
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
  ASSERT_GT(size, 0);
  directory.resize(static_cast<std::size_t>(size));

  const Said said = sync("'" + directory + "'");
  ASSERT_EQ(said.exit_code, 0) << said.text;
  EXPECT_EQ(stored("killed").state(), "crashed");
  EXPECT_EQ(rows_of(stored("killed")).size(), 100u) << "every row that log() wrote";
}

TEST(Ends, X1StopIsToldToTheProgramAndTheRunIsKilled) {
  std::atomic<bool> stopped = false;
  runstone::InitOptions given = options("r1");
  given.stop_fn = [&stopped] { stopped = true; };
  runstone::Run run = must(runstone::Run::init(given));
  must(run.log({{"a", 1}}));
  must(stored("r1").stop());
  eventually("the call of on_stop", [&] {
    must(run.log({{"a", 2}}));
    return stopped.load();
  });
  EXPECT_TRUE(run.finish(1).delivered);
  EXPECT_EQ(stored("r1").state(), "killed");
}

}  // namespace
}  // namespace native
