#include "probe/git_facts.h"

#include <filesystem>

#include "probe/machine_files.h"

namespace runstone::probe {
namespace {

namespace stdfs = std::filesystem;

constexpr int kMaxSymbolicRefs = 5;
constexpr std::size_t kCommitDigits = 40, kCommitDigitsSha256 = 64;

std::string trimmed(std::string_view text) {
  while (!text.empty() && std::string_view(" \t\r\n").find(text.back()) != text.npos) {
    text.remove_suffix(1);
  }
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return std::string(text);
}

std::string content_of(const stdfs::path& path) {
  return trimmed(read_kernel_file(path.string()).value_or(""));
}

// A `.git` file and the files in a git directory name others relative to themselves.
std::string resolved(const stdfs::path& base, const std::string& path) {
  return (base / path).lexically_normal().string();
}

bool is_commit(std::string_view text) {
  return (text.size() == kCommitDigits || text.size() == kCommitDigitsSha256) &&
         text.find_first_not_of("0123456789abcdef") == text.npos;
}

std::string packed_commit(const std::string& common_directory, const std::string& ref) {
  std::string commit;
  const auto text = read_kernel_file(common_directory + "/packed-refs");
  if (!text) return commit;
  for_each_line(*text, [&](std::string_view line) {
    const auto words = words_of(line);
    if (words.size() == 2 && words[1] == ref && is_commit(words[0])) commit = words[0];
  });
  return commit;
}

}  // namespace

std::optional<GitRepository> find_git(const std::string& directory) {
  std::error_code error;
  stdfs::path at = stdfs::weakly_canonical(directory, error);
  if (error) return std::nullopt;
  while (true) {
    const stdfs::path git = at / ".git";
    GitRepository found;
    if (stdfs::is_directory(git, error)) {
      found.git_directory = git.string();
    } else if (stdfs::is_regular_file(git, error)) {  // a worktree or a submodule
      const std::string text = content_of(git);
      if (text.rfind("gitdir:", 0) == 0) {
        found.git_directory = resolved(at, trimmed(std::string_view(text).substr(7)));
      }
    }
    if (!found.git_directory.empty() && stdfs::exists(found.git_directory + "/HEAD", error)) {
      found.root = at.string();
      const std::string common = content_of(found.git_directory + "/commondir");
      found.common_directory =
          common.empty() ? found.git_directory : resolved(found.git_directory, common);
      return found;
    }
    if (!at.has_relative_path()) return std::nullopt;
    at = at.parent_path();
  }
}

std::string head_commit(const GitRepository& repository) {
  std::string text = content_of(repository.git_directory + "/HEAD");
  for (int i = 0; i < kMaxSymbolicRefs && text.rfind("ref:", 0) == 0; ++i) {
    const std::string ref = trimmed(std::string_view(text).substr(4));
    if (ref.find("..") != ref.npos) return "";
    text = content_of(repository.git_directory + "/" + ref);
    if (text.empty()) text = content_of(repository.common_directory + "/" + ref);
    if (text.empty()) text = packed_commit(repository.common_directory, ref);
  }
  return is_commit(text) ? text : "";
}

std::string remote_url(const GitRepository& repository, const std::string& remote) {
  std::string url;
  const auto text = read_kernel_file(repository.common_directory + "/config");
  if (!text) return url;
  bool in_remote = false;
  for_each_line(*text, [&](std::string_view raw) {
    const std::string line = trimmed(raw);
    if (line.rfind("[", 0) == 0) {
      in_remote = line == "[remote \"" + remote + "\"]";
      return;
    }
    const std::size_t equals = line.find('=');
    if (!in_remote || equals == line.npos) return;
    if (trimmed(std::string_view(line).substr(0, equals)) != "url") return;
    url = trimmed(std::string_view(line).substr(equals + 1));
    if (url.size() >= 2 && url.front() == '"' && url.back() == '"') {
      url = url.substr(1, url.size() - 2);
    }
  });
  return without_credentials(url);
}

std::string without_credentials(const std::string& url) {
  for (const std::string scheme : {"https://", "http://"}) {
    if (url.rfind(scheme, 0) != 0) continue;
    const std::size_t path = std::min(url.find('/', scheme.size()), url.size());
    const std::size_t at = url.rfind('@', path);
    if (at == url.npos || at < scheme.size()) return url;
    return scheme + url.substr(at + 1);
  }
  return url;
}

}  // namespace runstone::probe
