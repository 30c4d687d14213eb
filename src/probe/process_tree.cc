#include "probe/process_tree.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <unordered_map>

namespace runstone::probe {
namespace {

constexpr std::size_t kMaxScanned =
    65'536;  // processes of a machine whose kernel lists no children

struct Stat {
  ProcessState state;
  int parent = 0;
};

// proc(5): the name in brackets may hold anything, blanks and brackets included.
std::optional<Stat> read_stat(const MachineRoots& roots, int pid) {
  const auto text = read_kernel_file(roots.proc + "/" + std::to_string(pid) + "/stat");
  if (!text) return std::nullopt;
  const std::size_t bracket = text->rfind(')');
  if (bracket == text->npos) return std::nullopt;
  const auto fields = words_of(std::string_view(*text).substr(bracket + 1));  // from field 3 on
  if (fields.size() < 22) return std::nullopt;
  const auto field = [&](std::size_t number) {
    return static_cast<std::uint64_t>(std::max(number_of(fields[number - 3]).value_or(0), 0.0));
  };
  static const auto page_bytes = static_cast<std::uint64_t>(sysconf(_SC_PAGE_SIZE));
  Stat stat;
  stat.parent = static_cast<int>(field(4));
  stat.state.pid = pid;
  stat.state.cpu_ticks = field(14) + field(15);
  stat.state.threads = field(20);
  stat.state.started_at_ticks = field(22);
  stat.state.rss_bytes = field(24) * page_bytes;
  return stat;
}

// Numbers among the names of a directory: processes of /proc, threads of a task folder.
std::vector<int> numbers_in(const std::string& directory, std::size_t max) {
  std::vector<int> numbers;
  DIR* const dir = ::opendir(directory.c_str());
  if (dir == nullptr) return numbers;
  while (const dirent* entry = ::readdir(dir)) {
    char* end = nullptr;
    const long number = std::strtol(entry->d_name, &end, 10);
    if (end == entry->d_name || *end != 0 || number <= 0) continue;
    numbers.push_back(static_cast<int>(number));
    if (numbers.size() >= max) break;
  }
  ::closedir(dir);
  return numbers;
}

// Each thread has the children that it made. Nothing if this kernel keeps no such file.
std::optional<std::vector<int>> listed_children(const MachineRoots& roots, int pid) {
  std::vector<int> children;
  const std::string task = roots.proc + "/" + std::to_string(pid) + "/task";
  for (const int thread : numbers_in(task, kMaxScanned)) {
    const auto text = read_kernel_file(task + "/" + std::to_string(thread) + "/children");
    if (!text) {
      if (thread == pid) return std::nullopt;
      continue;  // the thread has ended
    }
    for (const auto word : words_of(*text)) {
      if (const auto child = number_of(word)) children.push_back(static_cast<int>(*child));
    }
  }
  return children;
}

// The same by asking every process of the machine for its parent.
std::vector<ProcessState> tree_by_parents(const MachineRoots& roots, const Stat& root) {
  std::unordered_multimap<int, ProcessState> by_parent;
  for (const int pid : numbers_in(roots.proc, kMaxScanned)) {
    if (const auto stat = read_stat(roots, pid)) by_parent.emplace(stat->parent, stat->state);
  }
  std::vector<ProcessState> tree{root.state};
  for (std::size_t i = 0; i < tree.size() && tree.size() < kMaxProcesses; ++i) {
    const auto [first, last] = by_parent.equal_range(tree[i].pid);
    for (auto at = first; at != last && tree.size() < kMaxProcesses; ++at) {
      if (at->second.pid != root.state.pid) tree.push_back(at->second);
    }
  }
  return tree;
}

}  // namespace

std::vector<ProcessState> read_process_tree(const MachineRoots& roots, int pid,
                                            bool with_descendants) {
  const auto root = read_stat(roots, pid);
  if (!root) return {};
  std::vector<ProcessState> tree{root->state};
  if (!with_descendants) return tree;
  for (std::size_t i = 0; i < tree.size() && tree.size() < kMaxProcesses; ++i) {
    const auto children = listed_children(roots, tree[i].pid);
    if (!children) {
      if (i == 0) return tree_by_parents(roots, *root);
      continue;  // it has ended
    }
    for (const int child : *children) {
      if (tree.size() >= kMaxProcesses) break;
      if (const auto stat = read_stat(roots, child)) tree.push_back(stat->state);
    }
  }
  return tree;
}

}  // namespace runstone::probe
