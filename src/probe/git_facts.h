#pragma once

#include <optional>
#include <string>

namespace runstone::probe {

/// A repository as it lies on the disk. A worktree and a submodule have a git directory of their
/// own; what they share with the others lies in `common_directory`.
struct GitRepository {
  std::string root;  ///< the working tree
  std::string git_directory, common_directory;
};
/// The repository around a directory; nothing if there is none.
std::optional<GitRepository> find_git(const std::string& directory);

/// The commit that is checked out, read from the repository's files without running git: loose and
/// packed refs, detached heads. Empty if there is none yet, or if the files are in a form that only
/// git reads.
std::string head_commit(const GitRepository& repository);
/// The address of a remote, by default "origin", without user and password if it is an HTTP
/// address: they may be secrets. Empty if there is none.
std::string remote_url(const GitRepository& repository, const std::string& remote = "origin");
std::string without_credentials(const std::string& url);

}  // namespace runstone::probe
