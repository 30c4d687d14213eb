#include "probe/host_facts.h"

#include <gnu/libc-version.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "probe/cpu.h"
#include "probe/disk.h"
#include "probe/memory.h"

extern "C" char** environ;

namespace runstone::probe {
namespace {

struct CpuInfo {
  std::string model;
  std::size_t physical = 0;  // cores; 0 if the kernel does not say
};

CpuInfo read_cpu_info(const MachineRoots& roots) {
  CpuInfo info;
  const auto text = read_kernel_file(roots.proc + "/cpuinfo");
  if (!text) return info;
  std::set<std::pair<std::string, std::string>> cores;  // of (package, core)
  std::string package;
  for_each_line(*text, [&](std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == line.npos || colon + 2 > line.size()) return;
    const auto words = words_of(line.substr(0, colon));
    const std::string value(line.substr(std::min(colon + 2, line.size())));
    if (words.size() != 2) return;
    if (words[0] == "model" && words[1] == "name" && info.model.empty()) info.model = value;
    if (words[0] == "physical" && words[1] == "id") package = value;
    if (words[0] == "core" && words[1] == "id") cores.emplace(package, value);
  });
  info.physical = cores.size();
  return info;
}

std::string bytes_text(double bytes) { return std::to_string(static_cast<std::uint64_t>(bytes)); }

void add_gpus(Dict& facts, const MachineRoots& roots, const Gpus& gpus) {
  List nvidia = gpus.nvidia ? gpus.nvidia->facts(roots) : List();
  List amd = gpus.amd ? gpus.amd->facts() : List();
  const std::size_t count =
      (gpus.nvidia ? gpus.nvidia->count() : 0) + (gpus.amd ? gpus.amd->count() : 0);
  if (count == 0) return;
  const auto text = [](const List& list, const char* key) {
    const Value* value = list.empty() ? nullptr : list[0].get(key);
    return value == nullptr ? std::string() : std::string(value->string_or(""));
  };
  const std::string name = nvidia.empty() ? text(amd, "series") : text(nvidia, "name");
  if (!name.empty()) facts.set("gpu", name);
  facts.set("gpu_count", static_cast<std::int64_t>(count));
  if (!nvidia.empty()) facts.set("gpu_nvidia", std::move(nvidia));
  if (!amd.empty()) facts.set("gpu_amd", std::move(amd));
  if (gpus.nvidia) {
    if (const auto version = gpus.nvidia->cuda_version(); !version.empty()) {
      facts.set("cudaVersion", version);
    }
  }
}

}  // namespace

std::string os_text() {
  utsname name{};
  if (uname(&name) != 0) return "";
  return std::string(name.sysname) + "-" + name.release + "-" + name.machine + "-with-glibc" +
         gnu_get_libc_version();
}

Dict host_facts(const MachineRoots& roots, const std::vector<std::string>& disk_paths,
                const Gpus& gpus) {
  Dict facts;
  const CpuInfo cpu = read_cpu_info(roots);
  const auto logical = static_cast<std::int64_t>(online_cpus());
  facts.set("cpu_count", cpu.physical > 0 ? static_cast<std::int64_t>(cpu.physical) : logical);
  facts.set("cpu_count_logical", logical);
  Dict disks;
  for (const std::string& path : disk_paths) {
    if (const auto space = disk_space(path)) {
      disks.set(path, Value({{"total", bytes_text(space->total_bytes)},
                             {"used", bytes_text(space->used_bytes)}}));
    }
  }
  if (!disks.empty()) facts.set("disk", std::move(disks));
  if (const double total = machine_memory_bytes(roots); total > 0) {
    facts.set("memory", Value({{"total", bytes_text(total)}}));
  }
  if (!cpu.model.empty()) facts.set("cpu", Value({{"model", cpu.model}}));
  add_gpus(facts, roots, gpus);
  return facts;
}

Dict slurm_facts() {
  constexpr std::string_view kPrefix = "SLURM_";
  Dict facts;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view entry(*at);
    const std::size_t equals = entry.find('=');
    if (entry.substr(0, kPrefix.size()) != kPrefix || equals == entry.npos) continue;
    std::string name(entry.substr(kPrefix.size(), equals - kPrefix.size()));
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    facts.set(name, std::string(entry.substr(equals + 1)));
  }
  return facts;
}

}  // namespace runstone::probe
