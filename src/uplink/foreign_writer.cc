#include "uplink/foreign_writer.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "fs/file_system.h"

namespace runstone::uplink {
namespace {

namespace stdfs = std::filesystem;

/// /proc/<pid>/fdinfo/<fd> has a line "flags:\t02100001", octal.
bool is_writable(const stdfs::path& fd_info) {
  std::ifstream file(fd_info);
  std::string name, value;
  while (file >> name >> value) {
    if (name == "flags:") return (std::strtol(value.c_str(), nullptr, 8) & O_ACCMODE) != O_RDONLY;
  }
  return false;
}

bool process_writes(const stdfs::path& process, const struct stat& wanted) {
  const auto descriptors = fs::real_file_system().list(process / "fd");
  if (!descriptors) return false;  // it has ended meanwhile, or belongs to somebody else
  for (const std::string& descriptor : *descriptors) {
    struct stat facts {};
    if (::stat((process / "fd" / descriptor).c_str(), &facts) != 0) continue;
    if (facts.st_dev != wanted.st_dev || facts.st_ino != wanted.st_ino) continue;
    if (is_writable(process / "fdinfo" / descriptor)) return true;
  }
  return false;
}

}  // namespace

bool is_open_for_writing(const std::string& path) {
  struct stat wanted {};
  if (::stat(path.c_str(), &wanted) != 0) return false;
  const auto processes = fs::real_file_system().list("/proc");
  if (!processes) return false;
  for (const std::string& name : *processes) {
    if (!std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c); })) {
      continue;
    }
    if (process_writes(stdfs::path("/proc") / name, wanted)) return true;
  }
  return false;
}

}  // namespace runstone::uplink
