// Real repositories, made by git.
#include <signal.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>

#include "base/clock.h"
#include "probe/git_patch.h"
#include "probe/run_program.h"
#include "probe/test_machine.h"

namespace runstone::probe {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Git : public testing::Test {
 protected:
  std::string git(const std::string& directory, std::vector<std::string> arguments) {
    ProgramRequest request;
    request.directory = directory;
    request.environment = {"PATH=" + std::string(std::getenv("PATH")), "HOME=" + disk_.path(),
                           "GIT_CONFIG_NOSYSTEM=1"};
    request.arguments = {"git",
                         "-c",
                         "user.name=n",
                         "-c",
                         "user.email=e@x",
                         "-c",
                         "init.defaultBranch=main",
                         "-c",
                         "protocol.file.allow=always"};
    request.arguments.insert(request.arguments.end(), arguments.begin(), arguments.end());
    auto output = run_program(request);
    EXPECT_TRUE(output) << output.error().message;
    return output ? output->substr(0, output->find('\n')) : "";
  }
  std::string path(const std::string& name) const { return disk_.path() + "/" + name; }
  /// A repository with one commit; gives the commit.
  std::string make(const std::string& name) {
    disk_.put(name + "/f.txt", "a\n");
    git(path(name), {"init", "-q"});
    git(path(name), {"add", "."});
    git(path(name), {"commit", "-qm", "first"});
    return git(path(name), {"rev-parse", "HEAD"});
  }
  GitPatchOptions options() const {
    GitPatchOptions options;
    options.environment = environment_now();
    options.environment.push_back("GIT_CONFIG_NOSYSTEM=1");
    return options;
  }
  TestMachine disk_;
};

TEST_F(Git, TheCommitIsFoundFromAFolderInside) {
  const std::string commit = make("r");
  disk_.put("r/deep/er/train.py", "");
  const auto found = find_git(path("r/deep/er"));
  ASSERT_TRUE(found);
  EXPECT_EQ(std::filesystem::path(found->root).filename(), "r");
  EXPECT_EQ(head_commit(*found), commit);
  EXPECT_FALSE(find_git("/proc"));
}

TEST_F(Git, PackedRefsDetachedHeadsWorktreesAndSubmodulesHaveCommits) {
  const std::string first = make("r");
  git(path("r"), {"pack-refs", "--all"});
  EXPECT_EQ(head_commit(*find_git(path("r"))), first);
  disk_.put("r/f.txt", "b\n");
  git(path("r"), {"commit", "-qam", "second"});
  const std::string second = git(path("r"), {"rev-parse", "HEAD"});
  EXPECT_EQ(head_commit(*find_git(path("r"))), second);
  git(path("r"), {"remote", "add", "origin", "https://example.com/x/y.git"});
  git(path("r"), {"worktree", "add", "-q", "-b", "side", path("w"), first});
  EXPECT_EQ(head_commit(*find_git(path("w"))), first);
  EXPECT_EQ(remote_url(*find_git(path("w"))), "https://example.com/x/y.git");
  git(path("w"), {"checkout", "-q", "--detach", second});
  EXPECT_EQ(head_commit(*find_git(path("w"))), second);
  make("outer");
  git(path("outer"), {"submodule", "--quiet", "add", path("r"), "inner"});
  EXPECT_EQ(head_commit(*find_git(path("outer/inner"))), second);
  EXPECT_EQ(std::filesystem::path(find_git(path("outer/inner"))->root).filename(), "inner");
}

TEST_F(Git, ARepositoryWithoutACommitHasNone) {
  disk_.put("r/f.txt", "a\n");
  git(path("r"), {"init", "-q"});
  EXPECT_EQ(head_commit(*find_git(path("r"))), "");
  const auto made = make_git_patches(*find_git(path("r")), options());
  EXPECT_TRUE(made.error);
  EXPECT_THAT(made.patches, IsEmpty());
}

TEST_F(Git, SecretsInAnAddressAreNotKept) {
  EXPECT_EQ(without_credentials("https://user:secret@example.com:8443/x/y.git"),
            "https://example.com:8443/x/y.git");
  EXPECT_EQ(without_credentials("https://token@example.com/x"), "https://example.com/x");
  EXPECT_EQ(without_credentials("https://example.com/x@y"), "https://example.com/x@y");
  EXPECT_EQ(without_credentials("git@example.com:x/y.git"), "git@example.com:x/y.git");
  EXPECT_EQ(without_credentials(""), "");
}

TEST_F(Git, UncommittedChangesAreAPatchThatAppliesAgain) {
  make("r");
  EXPECT_THAT(make_git_patches(*find_git(path("r")), options()).patches, IsEmpty());
  disk_.put("r/f.txt", "changed\n");
  disk_.put("r/untracked.txt", "not asked for\n");
  const auto made = make_git_patches(*find_git(path("r")), options());
  ASSERT_TRUE(made.error) << made.error.error().message;
  ASSERT_THAT(made.patches, SizeIs(1));
  EXPECT_EQ(made.patches[0].name, "diff.patch");
  EXPECT_THAT(made.patches[0].text, Not(HasSubstr("untracked")));
  disk_.put("diff.patch", made.patches[0].text);
  git(path("r"), {"checkout", "-q", "f.txt"});
  git(path("r"), {"apply", path("diff.patch")});
  EXPECT_EQ(read_kernel_file(path("r/f.txt")), "changed\n");
}

TEST_F(Git, ABranchAheadOfItsUpstreamHasAPatchAgainstThat) {
  const std::string upstream = make("origin");
  git(disk_.path(), {"clone", "-q", path("origin"), path("clone")});
  disk_.put("clone/f.txt", "committed\n");
  git(path("clone"), {"commit", "-qam", "mine"});
  disk_.put("clone/f.txt", "not committed\n");
  const auto made = make_git_patches(*find_git(path("clone")), options());
  ASSERT_THAT(made.patches, SizeIs(2));
  EXPECT_EQ(made.patches[1].name, "diff_" + upstream + ".patch");
  EXPECT_THAT(made.patches[0].text, HasSubstr("-committed\n"));
  EXPECT_THAT(made.patches[1].text, HasSubstr("-a\n"));
  // A branch of no upstream, where every branch is looked at.
  git(path("clone"), {"checkout", "-q", "-b", "other"});
  EXPECT_THAT(make_git_patches(*find_git(path("clone")), options()).patches, SizeIs(1));
  auto searching = options();
  searching.search_all_branches = true;
  EXPECT_THAT(make_git_patches(*find_git(path("clone")), searching).patches, SizeIs(2));
}

TEST_F(Git, AVeryLargeDiffIsLeftOutAndSaid) {
  make("r");
  disk_.put("r/f.txt", std::string(4 << 20, 'x') + "\n");
  auto small = options();
  small.patch_bytes_max = 1 << 20;
  const auto made = make_git_patches(*find_git(path("r")), small);
  ASSERT_FALSE(made.error);
  EXPECT_EQ(made.error.error().code, ErrorCode::kResourceExhausted);
  EXPECT_THAT(made.error.error().message, HasSubstr("more than 1 MiB"));
  EXPECT_THAT(made.patches, IsEmpty());
}

TEST_F(Git, AMachineWithoutGitStillHasTheCommit) {
  const std::string commit = make("r");
  auto none = options();
  none.git = "git-that-is-not-there";
  EXPECT_EQ(head_commit(*find_git(path("r"))), commit);
  const auto made = make_git_patches(*find_git(path("r")), none);
  ASSERT_FALSE(made.error);
  EXPECT_EQ(made.error.error().code, ErrorCode::kNotFound);
}

TEST_F(Git, OneThatHangsIsKilledWithAllThatItStarted) {
  make("r");
  disk_.put("hanging", "#!/bin/sh\nsleep 1000 &\necho $! > " + path("child") + "\nwait\n");
  std::filesystem::permissions(path("hanging"), std::filesystem::perms::owner_all);
  auto slow = options();
  slow.git = path("hanging");
  slow.timeout_us = 300'000;
  const auto started_us = system_clock().monotonic_us();
  const auto made = make_git_patches(*find_git(path("r")), slow);
  EXPECT_LT(system_clock().monotonic_us() - started_us, 10'000'000);
  ASSERT_FALSE(made.error);
  EXPECT_EQ(made.error.error().code, ErrorCode::kUnavailable);
  const pid_t child = std::atoi(read_kernel_file(path("child")).value_or("0").c_str());
  ASSERT_GT(child, 0);
  const auto gone = [&] {  // killed: gone, or a zombie that nobody has collected
    const auto stat = read_kernel_file("/proc/" + std::to_string(child) + "/stat");
    return !stat || stat->find(") Z") != stat->npos;
  };
  while (!gone()) std::this_thread::yield();
}

TEST_F(Git, OneThatHasEndedIsNotWaitedForBecauseAnotherHoldsItsOutput) {
  ProgramRequest request;
  request.directory = disk_.path();
  request.environment = environment_now();
  // The same as a child that this process forks between pipe and end: the stream stays open.
  request.arguments = {"sh", "-c", "sleep 600 & echo $!; echo said"};
  const auto output = run_program(request);
  ASSERT_TRUE(output) << output.error().message;
  EXPECT_THAT(*output, HasSubstr("said\n"));
  const pid_t left_behind = std::atoi(output->c_str());
  while (::kill(left_behind, 0) == 0) std::this_thread::yield();
}

TEST_F(Git, ACancelledQuestionEndsAtOnce) {
  make("r");
  disk_.put("hanging", "#!/bin/sh\nexec sleep 1000\n");
  std::filesystem::permissions(path("hanging"), std::filesystem::perms::owner_all);
  const std::atomic<bool> cancelled{true};
  auto stopped = options();
  stopped.git = path("hanging");
  stopped.cancelled = &cancelled;
  const auto made = make_git_patches(*find_git(path("r")), stopped);
  ASSERT_FALSE(made.error);
  EXPECT_THAT(made.error.error().message, HasSubstr("the run has ended"));
}

TEST_F(Git, AFailureSaysWhatGitSaid) {
  const auto answer = ask_head_commit({path("no/such/folder"), "", ""}, options());
  EXPECT_FALSE(answer);
  make("r");
  const GitRepository repository = *find_git(path("r"));
  std::filesystem::remove_all(path("r/.git/objects"));
  disk_.put("r/f.txt", "changed\n");
  const auto made = make_git_patches(repository, options());
  EXPECT_TRUE(made.error || !made.error.error().message.empty());
  EXPECT_THAT(made.patches, IsEmpty());
}

}  // namespace
}  // namespace runstone::probe
