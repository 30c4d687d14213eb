#include "installed_packages.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <string_view>
#include <system_error>

namespace runstone::python {
namespace {

/// The Name field of a METADATA or PKG-INFO file: the folder's name has it only in an escaped form.
std::string name_in(const std::filesystem::path& metadata) {
  std::ifstream file(metadata);
  std::string line;
  while (std::getline(file, line) && !line.empty()) {
    constexpr std::string_view kField = "Name: ";
    if (line.compare(0, kField.size(), kField) == 0) return line.substr(kField.size());
  }
  return {};
}

}  // namespace

std::vector<std::string> installed_packages(const std::vector<std::string>& folders) {
  std::map<std::string, std::string> versions;
  for (const auto& folder : folders) {
    std::error_code ignored;  // sys.path may name folders and archives that are not there
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
      const auto suffix = entry.path().extension();
      if (suffix != ".dist-info" && suffix != ".egg-info") continue;
      const std::string stem = entry.path().stem().string();
      const auto dash = stem.find('-');
      if (dash == std::string::npos) continue;
      auto version = stem.substr(dash + 1);
      version = version.substr(0, version.find('-'));
      auto name = name_in(entry.path() / (suffix == ".dist-info" ? "METADATA" : "PKG-INFO"));
      if (name.empty()) name = stem.substr(0, dash);
      versions.emplace(std::move(name), std::move(version));
    }
  }
  std::vector<std::string> lines;
  for (const auto& [name, version] : versions) lines.push_back(name + "==" + version);
  return lines;
}

}  // namespace runstone::python
