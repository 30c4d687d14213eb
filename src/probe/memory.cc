#include "probe/memory.h"

#include <algorithm>

namespace runstone::probe {
namespace {

constexpr double kMiB = 1024.0 * 1024.0;

struct MemoryInfo {
  double total = 0, available = 0;
};

MemoryInfo read_info(const MachineRoots& roots) {
  MemoryInfo info;
  double free = 0, cached = 0;
  const auto text = read_kernel_file(roots.proc + "/meminfo");
  if (!text) return info;
  bool has_available = false;
  for_each_line(*text, [&](std::string_view line) {
    const auto words = words_of(line);
    if (words.size() < 2) return;
    const double bytes = number_of(words[1]).value_or(0) * 1024;
    if (words[0] == "MemTotal:") info.total = bytes;
    if (words[0] == "MemFree:") free = bytes;
    if (words[0] == "Cached:" || words[0] == "Buffers:") cached += bytes;
    if (words[0] == "MemAvailable:") {
      info.available = bytes;
      has_available = true;
    }
  });
  if (!has_available) info.available = free + cached;  // kernels before 3.14
  return info;
}

}  // namespace

double machine_memory_bytes(const MachineRoots& roots) { return read_info(roots).total; }

void read_memory(const MachineRoots& roots, const CgroupLimits& limits,
                 const std::vector<ProcessState>& processes, Readings& out) {
  MemoryInfo info = read_info(roots);
  if (limits.memory_bytes && (info.total == 0 || *limits.memory_bytes < info.total)) {
    const double left = std::max(*limits.memory_bytes - limits.memory_used_bytes.value_or(0), 0.0);
    info.available = info.total == 0 ? left : std::min(info.available, left);
    info.total = *limits.memory_bytes;
  }
  if (info.total > 0) {
    out.push_back({"memory_percent", (info.total - info.available) / info.total * 100});
    out.push_back({"proc.memory.availableMB", info.available / kMiB});
  }
  if (processes.empty()) return;
  double rss = 0, threads = 0;
  for (const ProcessState& process : processes) {
    rss += static_cast<double>(process.rss_bytes);
    threads += static_cast<double>(process.threads);
  }
  out.push_back({"proc.memory.rssMB", rss / kMiB});
  if (info.total > 0) out.push_back({"proc.memory.percent", rss / info.total * 100});
  out.push_back({"proc.cpu.threads", threads});
}

}  // namespace runstone::probe
