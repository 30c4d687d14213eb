#include "probe/cpu.h"

#include <unistd.h>

#include <algorithm>

namespace runstone::probe {
namespace {
constexpr std::size_t kMaxCores = 1024;
}

double online_cpus() { return static_cast<double>(std::max(sysconf(_SC_NPROCESSORS_ONLN), 1L)); }

void CpuReader::read(const std::vector<ProcessState>& processes, double cpus,
                     std::int64_t monotonic_us, Readings& out) {
  std::uint64_t used = 0;
  std::map<std::pair<int, std::uint64_t>, std::uint64_t> ticks;
  for (const ProcessState& process : processes) {
    const std::pair key{process.pid, process.started_at_ticks};
    const auto before = ticks_.find(key);
    // A process that was not there before has used all its time since.
    const std::uint64_t last = before == ticks_.end() ? 0 : before->second;
    used += process.cpu_ticks - std::min(last, process.cpu_ticks);
    ticks.emplace(key, process.cpu_ticks);
  }
  const double elapsed = static_cast<double>(monotonic_us - read_at_us_) / 1e6;
  if (read_at_us_ != 0 && elapsed > 0 && !processes.empty()) {
    static const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
    out.push_back({"cpu", static_cast<double>(used) / ticks_per_second / elapsed /
                              std::max(cpus, 1e-3) * 100});
  }
  ticks_ = std::move(ticks);
  read_at_us_ = monotonic_us;
  read_cores(out);
}

// proc_stat(5): user nice system idle iowait irq softirq steal; guest time is part of user's.
void CpuReader::read_cores(Readings& out) {
  const auto text = read_kernel_file(roots_.proc + "/stat");
  if (!text) return;
  for_each_line(*text, [&](std::string_view line) {
    if (line.substr(0, 3) != "cpu" || line.size() < 4 || line[3] == ' ') return;
    const auto words = words_of(line);
    const auto index = number_of(words[0].substr(3));
    if (!index || words.size() < 9 || *index >= static_cast<double>(kMaxCores)) return;
    Core now;
    for (std::size_t i = 1; i <= 8; ++i) now.total += number_of(words[i]).value_or(0);
    now.busy = now.total - number_of(words[4]).value_or(0) - number_of(words[5]).value_or(0);
    const int core = static_cast<int>(*index);
    const auto before = cores_.find(core);
    if (before != cores_.end() && now.total > before->second.total) {
      const double busy = (now.busy - before->second.busy) / (now.total - before->second.total);
      out.push_back(
          {"cpu." + std::to_string(core) + ".cpu_percent", std::clamp(busy, 0.0, 1.0) * 100});
    }
    cores_[core] = now;
  });
}

}  // namespace runstone::probe
