#include "probe/cgroup.h"

#include <algorithm>
#include <string>

namespace runstone::probe {
namespace {

// Version 1 says "no limit" by a number near 2^63.
constexpr double kNoLimitBytes = 9e18;

struct Groups {
  std::string unified;              // path in version 2
  std::string memory, cpu, cpuset;  // paths in version 1, by controller
  bool has_unified = false, has_memory = false, has_cpu = false, has_cpuset = false;
};

// Lines are `id:controllers:path`; version 2 is `0::path`.
Groups groups_of_this_process(const MachineRoots& roots) {
  Groups groups;
  const auto text = read_kernel_file(roots.proc + "/self/cgroup");
  if (!text) return groups;
  for_each_line(*text, [&](std::string_view line) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second == line.npos) return;
    const std::string controllers =
        "," + std::string(line.substr(first + 1, second - first - 1)) + ",";
    const std::string path(line.substr(second + 1));
    const auto names = [&](const char* controller) {
      return controllers.find(std::string(",") + controller + ",") != std::string::npos;
    };
    if (controllers == ",,") {
      groups.unified = path;
      groups.has_unified = true;
    }
    if (names("memory")) groups.memory = path, groups.has_memory = true;
    if (names("cpu")) groups.cpu = path, groups.has_cpu = true;
    if (names("cpuset")) groups.cpuset = path, groups.has_cpuset = true;
  });
  return groups;
}

// Calls `at(directory)` for the group and those around it. In a container, the path as the host
// sees it may not be there: then the mount's root is the group.
template <typename At>
void up_from(const std::string& mount, std::string path, const At& at) {
  while (path.size() > 1 && path[0] == '/') {
    at(mount + path);
    path.resize(path.rfind('/'));
  }
  at(mount);
}

std::optional<double> number_in(const std::string& path) {
  const auto text = read_kernel_file(path);
  return text ? number_of(*text) : std::nullopt;
}

// A line `name value` of memory.stat.
double stat_value(const std::string& path, std::string_view name) {
  const auto text = read_kernel_file(path);
  double value = 0;
  if (!text) return value;
  for_each_line(*text, [&](std::string_view line) {
    const auto words = words_of(line);
    if (words.size() == 2 && words[0] == name) value = number_of(words[1]).value_or(0);
  });
  return value;
}

// "0-3,8" is five.
std::optional<double> count_of_set(const std::string& path) {
  const auto text = read_kernel_file(path);
  if (!text) return std::nullopt;
  double count = 0;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view part = rest.substr(0, comma);
    const std::size_t dash = part.find('-');
    const auto first = number_of(part.substr(0, dash));
    const auto last = dash == part.npos ? first : number_of(part.substr(dash + 1));
    if (first && last && *last >= *first) count += *last - *first + 1;
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  if (count == 0) return std::nullopt;
  return count;
}

void tighten(std::optional<double>& limit, std::optional<double> other) {
  if (other && *other > 0 && (!limit || *other < *limit)) limit = other;
}

void read_memory(CgroupLimits& limits, const std::string& mount, const std::string& path,
                 const char* limit_file, const char* usage_file, const char* cache_name) {
  up_from(mount, path, [&](const std::string& group) {
    const auto limit = number_in(group + "/" + limit_file);
    if (!limit || *limit <= 0 || *limit >= kNoLimitBytes) return;
    if (limits.memory_bytes && *limits.memory_bytes <= *limit) return;
    limits.memory_bytes = limit;
    limits.memory_used_bytes.reset();
    if (const auto used = number_in(group + "/" + usage_file)) {
      const double cache = stat_value(group + "/memory.stat", cache_name);
      limits.memory_used_bytes = std::max(*used - cache, 0.0);
    }
  });
}

void read_version_2(CgroupLimits& limits, const std::string& mount, const std::string& path) {
  read_memory(limits, mount, path, "memory.max", "memory.current", "inactive_file");
  up_from(mount, path, [&](const std::string& group) {
    if (const auto text = read_kernel_file(group + "/cpu.max")) {
      const auto words = words_of(*text);
      const auto quota = words.size() == 2 ? number_of(words[0]) : std::nullopt;
      const auto period = words.size() == 2 ? number_of(words[1]) : std::nullopt;
      if (quota && period && *period > 0) tighten(limits.cpus, *quota / *period);
    }
    tighten(limits.cpus, count_of_set(group + "/cpuset.cpus.effective"));
  });
}

}  // namespace

CgroupLimits read_cgroup(const MachineRoots& roots) {
  CgroupLimits limits;
  const Groups groups = groups_of_this_process(roots);
  const std::string mount = roots.sys + "/fs/cgroup";
  if (groups.has_unified) {
    // Beside version 1 ("hybrid"), version 2 is mounted one level below.
    read_version_2(limits, mount, groups.unified);
    read_version_2(limits, mount + "/unified", groups.unified);
  }
  if (groups.has_memory) {
    read_memory(limits, mount + "/memory", groups.memory, "memory.limit_in_bytes",
                "memory.usage_in_bytes", "total_inactive_file");
  }
  if (groups.has_cpu) {
    up_from(mount + "/cpu", groups.cpu, [&](const std::string& group) {
      const auto quota = number_in(group + "/cpu.cfs_quota_us");
      const auto period = number_in(group + "/cpu.cfs_period_us");
      if (quota && period && *quota > 0 && *period > 0) tighten(limits.cpus, *quota / *period);
    });
  }
  if (groups.has_cpuset) {
    up_from(mount + "/cpuset", groups.cpuset, [&](const std::string& group) {
      tighten(limits.cpus, count_of_set(group + "/cpuset.cpus"));
    });
  }
  return limits;
}

}  // namespace runstone::probe
