#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "probe/machine_files.h"
#include "probe/reading.h"

namespace runstone::probe {

/// How full a file system is.
struct DiskSpace {
  double total_bytes = 0, used_bytes = 0;
  double available_bytes =
      0;  ///< to this user: what root keeps for itself is neither used nor there
};
/// Nothing if the path cannot be asked.
std::optional<DiskSpace> disk_space(const std::string& path);

/// `disk.<path>.usagePercent` and `.usageGB` of each path, `disk.<device>.in` and `.out`: MiB read
/// and written since the first call, of the devices on which the paths lie.
class DiskReader {
 public:
  DiskReader(MachineRoots roots, std::vector<std::string> paths);
  void read(Readings& out);

 private:
  struct Sectors {
    double read = 0, written = 0;
  };
  std::optional<Sectors> sectors_of(std::string_view diskstats, const std::string& device) const;

  MachineRoots roots_;
  std::vector<std::string> paths_, devices_;
  std::map<std::string, Sectors> first_;
};

}  // namespace runstone::probe
