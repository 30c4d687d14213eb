#include "artifact/places.h"

#include <cstdlib>
#include <filesystem>

namespace runstone::artifact {
namespace {

std::string environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

std::string named(const std::string& what) {
  for (const char* front : {"RUNSTONE_", "WANDB_"}) {
    if (std::string set = environment(front + what); !set.empty()) return set;
  }
  return "";
}

/// By the rules of freedesktop.org: $XDG_X_HOME/runstone, else below the home.
std::string of_user(const char* variable, const char* below_home) {
  std::string folder = environment(variable);
  const std::string home = environment("HOME");
  if (folder.empty() && !home.empty()) folder = home + "/" + below_home;
  if (folder.empty()) {
    std::error_code error;
    folder = std::filesystem::temp_directory_path(error).string();
  }
  return folder + "/runstone";
}

std::string absolute(const std::string& path) {
  std::error_code error;
  const auto whole = std::filesystem::absolute(path, error);
  return error ? path : whole.lexically_normal().string();
}

}  // namespace

// Absolute, since a journal names these files and the program may change its working directory.
std::string staging_directory() {
  const std::string data = named("DATA_DIR");
  return absolute(data.empty() ? of_user("XDG_DATA_HOME", ".local/share") : data) +
         "/artifacts/staging";
}
std::string cache_directory() {
  const std::string cache = named("CACHE_DIR");
  return absolute(cache.empty() ? of_user("XDG_CACHE_HOME", ".cache") : cache) + "/artifacts";
}
std::string download_directory() {
  const std::string folder = named("ARTIFACT_DIR");
  return absolute(folder.empty() ? "artifacts" : folder);
}

}  // namespace runstone::artifact
