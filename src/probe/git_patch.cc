#include "probe/git_patch.h"

#include <algorithm>

#include "base/try.h"
#include "probe/machine_files.h"
#include "probe/run_program.h"

namespace runstone::probe {
namespace {

constexpr std::size_t kMaxBranches = 50;

class Git {
 public:
  Git(const GitRepository& repository, const GitPatchOptions& options)
      : repository_(repository), options_(options) {
    // No lock on the index, which the user's own git may want; English for our messages.
    environment_ = {"GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C"};
    for (const std::string& variable : options.environment) {
      const std::string name = variable.substr(0, variable.find('='));
      // A hook or an alias of git that starts a training must not lead us to another repository.
      const bool leads_away = name == "GIT_DIR" || name == "GIT_WORK_TREE" ||
                              name == "GIT_INDEX_FILE" || name == "GIT_EXTERNAL_DIFF";
      const bool ours =
          name == "GIT_OPTIONAL_LOCKS" || name == "GIT_TERMINAL_PROMPT" || name == "LC_ALL";
      if (!leads_away && !ours) environment_.push_back(variable);
    }
  }

  Result<std::string> run(std::vector<std::string> arguments) const {
    ProgramRequest request;
    request.arguments = std::move(arguments);
    request.arguments.insert(request.arguments.begin(), options_.git);
    request.directory = repository_.root;
    request.environment = environment_;
    request.output_bytes_max = options_.patch_bytes_max;
    request.timeout_us = options_.timeout_us;
    request.cancelled = options_.cancelled;
    return run_program(request);
  }
  /// One line; empty if git refuses, which has many harmless reasons (no upstream, no commit yet).
  Result<std::string> line(std::vector<std::string> arguments) const {
    auto text = run(std::move(arguments));
    if (!text && text.error().code == ErrorCode::kFailedPrecondition) return std::string();
    if (!text) return fail(std::move(text).error());
    return text->substr(0, text->find('\n'));
  }
  Result<std::string> diff(const std::string& commit) const {
    return run({"diff", "--no-color", "--no-ext-diff", "--submodule=diff", commit});
  }

 private:
  const GitRepository& repository_;
  const GitPatchOptions& options_;
  std::vector<std::string> environment_;
};

// Where the branch left its upstream; empty if there is none.
Result<std::string> fork_point(const Git& git, bool search_all_branches) {
  RUNSTONE_TRY(const std::string branch, git.line({"symbolic-ref", "-q", "HEAD"}));
  if (branch.empty()) return std::string();  // a detached head follows nobody
  RUNSTONE_TRY(const std::string upstream,
               git.line({"rev-parse", "-q", "--verify", "--abbrev-ref", "@{upstream}"}));
  if (!upstream.empty()) return git.line({"merge-base", "HEAD", upstream});
  if (!search_all_branches) return std::string();
  RUNSTONE_TRY(const std::string all,
               git.run({"for-each-ref", "--format=%(upstream:short)", "refs/heads/"}));
  std::string newest;
  const auto names = words_of(all);
  for (std::size_t i = 0; i < std::min(names.size(), kMaxBranches); ++i) {
    RUNSTONE_TRY(const std::string base, git.line({"merge-base", "HEAD", std::string(names[i])}));
    if (base.empty() || base == newest) continue;
    if (newest.empty()) {
      newest = base;
      continue;
    }
    RUNSTONE_TRY(const std::string common, git.line({"merge-base", newest, base}));
    if (common == newest) newest = base;  // `newest` is an ancestor of it
  }
  return newest;
}

}  // namespace

Result<std::string> ask_head_commit(const GitRepository& repository,
                                    const GitPatchOptions& options) {
  return Git(repository, options).line({"rev-parse", "-q", "--verify", "HEAD"});
}

GitPatches make_git_patches(const GitRepository& repository, const GitPatchOptions& options) {
  const Git git(repository, options);
  GitPatches made;
  const auto make = [&]() -> Result<void> {
    RUNSTONE_TRY(const std::string head, git.line({"rev-parse", "-q", "--verify", "HEAD"}));
    if (head.empty()) return {};  // nothing is committed yet
    RUNSTONE_TRY(auto changes, git.diff("HEAD"));
    if (!changes.empty()) made.patches.push_back({"diff.patch", std::move(changes)});
    RUNSTONE_TRY(const std::string base, fork_point(git, options.search_all_branches));
    if (base.empty() || base == head) return {};
    RUNSTONE_TRY(auto since, git.diff(base));
    if (!since.empty()) made.patches.push_back({"diff_" + base + ".patch", std::move(since)});
    return {};
  };
  made.error = make();
  return made;
}

}  // namespace runstone::probe
