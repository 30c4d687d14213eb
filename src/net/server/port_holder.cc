#include "net/server/port_holder.h"

#include <dirent.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <set>
#include <sstream>

namespace runstone::http {
namespace {

// Socket inodes that listen on the port, from the kernel's table: "sl local rem st ... inode".
void collect_listeners(const char* table, std::uint16_t port, std::set<std::string>& inodes) {
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);  // the heading
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
    fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >>
        timeout >> inode;
    const auto colon = local.rfind(':');
    if (state != "0A" || colon == std::string::npos) continue;  // 0A is LISTEN
    if (std::stoul(local.substr(colon + 1), nullptr, 16) == port) inodes.insert(inode);
  }
}

std::string first_line_of(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

bool holds_one_of(const std::string& fd_folder, const std::set<std::string>& inodes) {
  DIR* folder = ::opendir(fd_folder.c_str());
  if (!folder) return false;  // another user's process
  bool found = false;
  while (const auto* entry = ::readdir(folder)) {
    char target[64];
    const auto path = fd_folder + "/" + entry->d_name;
    const auto length = ::readlink(path.c_str(), target, sizeof(target));
    if (length <= 0) continue;
    const std::string text(target, static_cast<std::size_t>(length));
    if (text.rfind("socket:[", 0) == 0 && inodes.count(text.substr(8, text.size() - 9)) > 0) {
      found = true;
      break;
    }
  }
  ::closedir(folder);
  return found;
}

}  // namespace

std::string port_holder(std::uint16_t port) {
  std::set<std::string> inodes;
  collect_listeners("/proc/net/tcp", port, inodes);
  collect_listeners("/proc/net/tcp6", port, inodes);
  if (inodes.empty()) return "";
  DIR* processes = ::opendir("/proc");
  if (!processes) return "";
  std::string holder;
  while (const auto* entry = ::readdir(processes)) {
    const std::string pid = entry->d_name;
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    if (!holds_one_of("/proc/" + pid + "/fd", inodes)) continue;
    holder = "process " + pid + " (" + first_line_of("/proc/" + pid + "/comm") + ")";
    break;
  }
  ::closedir(processes);
  return holder;
}

}  // namespace runstone::http
