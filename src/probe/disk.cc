#include "probe/disk.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <filesystem>

namespace runstone::probe {
namespace {

constexpr double kSectorBytes = 512;  // of /proc/diskstats, whatever the device has
constexpr double kMiB = 1024.0 * 1024.0, kGiB = 1024.0 * kMiB;

bool is_below(const std::string& path, std::string_view mount) {
  if (mount == "/") return true;
  if (path.compare(0, mount.size(), mount) != 0) return false;
  return path.size() == mount.size() || path[mount.size()] == '/';
}

// The device under a path: that of the longest mount point above it. Nothing for what lies on no
// block device (overlay, network, tmpfs).
std::optional<std::string> device_of(const MachineRoots& roots, const std::string& path) {
  const auto text = read_kernel_file(roots.proc + "/self/mountinfo");
  if (!text) return std::nullopt;
  std::error_code error;
  const std::string place = std::filesystem::weakly_canonical(path, error).string();
  std::string_view mount, source;
  for_each_line(*text, [&](std::string_view line) {
    const auto words = words_of(line);  // proc_pid_mountinfo(5)
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() < 6 || words.end() - dash < 3) return;
    // Of several mounts at one place the last is the visible one.
    if (is_below(place, words[4]) && words[4].size() >= mount.size()) {
      mount = words[4];
      source = *(dash + 2);
    }
  });
  if (source.substr(0, 5) != "/dev/") return std::nullopt;
  // /dev/mapper/name is a link to dm-0, the name that the statistics have.
  const auto real = std::filesystem::canonical(std::string(source), error);
  return error ? std::string(source.substr(5)) : real.filename().string();
}

}  // namespace

std::optional<DiskSpace> disk_space(const std::string& path) {
  struct statvfs info = {};
  if (::statvfs(path.c_str(), &info) != 0) return std::nullopt;
  const auto block = static_cast<double>(info.f_frsize);
  DiskSpace space;
  space.total_bytes = static_cast<double>(info.f_blocks) * block;
  space.used_bytes = static_cast<double>(info.f_blocks - info.f_bfree) * block;
  space.available_bytes = static_cast<double>(info.f_bavail) * block;
  return space;
}

DiskReader::DiskReader(MachineRoots roots, std::vector<std::string> paths)
    : roots_(std::move(roots)), paths_(std::move(paths)) {
  for (const std::string& path : paths_) {
    const auto device = device_of(roots_, path);
    if (device && std::find(devices_.begin(), devices_.end(), *device) == devices_.end()) {
      devices_.push_back(*device);
    }
  }
}

std::optional<DiskReader::Sectors> DiskReader::sectors_of(std::string_view diskstats,
                                                          const std::string& device) const {
  std::optional<Sectors> found;
  for_each_line(diskstats, [&](std::string_view line) {
    const auto words = words_of(line);
    if (words.size() < 10 || words[2] != device) return;
    found = Sectors{number_of(words[5]).value_or(0), number_of(words[9]).value_or(0)};
  });
  return found;
}

void DiskReader::read(Readings& out) {
  if (!devices_.empty()) {
    const std::string statistics = read_kernel_file(roots_.proc + "/diskstats").value_or("");
    for (const std::string& device : devices_) {
      const auto now = sectors_of(statistics, device);
      if (!now) continue;
      const Sectors first = first_.emplace(device, *now).first->second;
      const auto mib = [](double sectors) { return std::max(sectors, 0.0) * kSectorBytes / kMiB; };
      out.push_back({"disk." + device + ".in", mib(now->read - first.read)});
      out.push_back({"disk." + device + ".out", mib(now->written - first.written)});
    }
  }
  for (const std::string& path : paths_) {
    const auto space = disk_space(path);
    if (!space) continue;
    const double usable = space->used_bytes + space->available_bytes;
    if (usable > 0) {
      out.push_back({"disk." + path + ".usagePercent", space->used_bytes / usable * 100});
    }
    out.push_back({"disk." + path + ".usageGB", space->used_bytes / kGiB});
  }
}

}  // namespace runstone::probe
