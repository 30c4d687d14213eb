#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "probe/git_facts.h"
#include "runstone/result.h"

namespace runstone::probe {

/// What bounds the asking of git.
struct GitPatchOptions {
  std::size_t patch_bytes_max = std::size_t{10} << 20;
  std::int64_t timeout_us = 30'000'000;  ///< of each command
  /// Without an upstream branch of the current one, looks for the newest commit that any branch has
  /// in common with its upstream.
  bool search_all_branches = false;
  const std::atomic<bool>* cancelled = nullptr;
  std::string git = "git";
  std::vector<std::string> environment;  ///< of the program; see environment_now()
};

/// A patch file of a run, beside `files/`.
struct GitPatch {
  std::string name;  ///< "diff.patch", or "diff_<commit>.patch" against the upstream branch
  std::string text;
};
/// Uncommitted changes of tracked files against HEAD, and against the commit where the branch left
/// its upstream, if that is another one. What has no changes has no patch. Runs git; does not touch
/// the index. Errors: those of run_program(); patches made before it are in `patches`.
struct GitPatches {
  std::vector<GitPatch> patches;
  Result<void> error;
};
GitPatches make_git_patches(const GitRepository& repository, const GitPatchOptions& options);

/// The commit that is checked out, asked of git; for repositories whose files only git reads.
Result<std::string> ask_head_commit(const GitRepository& repository,
                                    const GitPatchOptions& options);

}  // namespace runstone::probe
