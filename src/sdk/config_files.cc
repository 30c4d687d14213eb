#include "sdk/config_files.h"

#include <algorithm>
#include <filesystem>

#include "base/try.h"
#include "fs/file_system.h"
#include "model/config_rules.h"
#include "model/yaml_text.h"
#include "runstone/config.h"

namespace runstone {
namespace {

constexpr const char* kDefaultsFile = "config-defaults.yaml";

void put_over(Dict& config, const Dict& values) {
  for (const auto& [key, value] : values) config.set(key, value);
}

// The setting is a list, or, as in the environment, one text with commas.
std::vector<std::string> config_paths(const Settings& settings) {
  std::vector<std::string> paths = settings.texts("config_paths");
  const std::string joined = settings.text("config_paths");
  for (std::size_t begin = 0; begin < joined.size();) {
    const std::size_t end = std::min(joined.find(',', begin), joined.size());
    if (end > begin) paths.push_back(joined.substr(begin, end - begin));
    begin = end + 1;
  }
  return paths;
}

Result<void> put_defaults(InitPlan& plan) {
  std::error_code error;
  if (!std::filesystem::exists(kDefaultsFile, error)) return {};
  RUNSTONE_TRY(plan.config, read_config_file(kDefaultsFile));
  if (plan.config.empty()) {
    plan.warnings.emplace_back(std::string(kDefaultsFile) + " is empty: there are no defaults");
  }
  return {};
}

}  // namespace

Result<Dict> read_config_file(const std::string& path) {
  const auto failed = [&](const std::string& why) {
    return fail(ErrorCode::kConfigLocked, "the config file " + path + " " + why);
  };
  const auto text = fs::read_file(fs::real_file_system(), path, kMaxYamlBytes);
  if (!text && text.error().code == ErrorCode::kNotFound) return failed("doesn't exist");
  if (!text) return failed("cannot be read: " + text.error().message);
  auto config = parse_config_yaml(*text);
  if (!config) return failed("cannot be used: " + config.error().message);
  return config;
}

Result<void> fill_config(InitPlan& plan, const InitOptions& options) {
  RUNSTONE_TRY(put_defaults(plan));
  Dict given;
  if (options.config_file) {
    RUNSTONE_TRY(given, read_config_file(*options.config_file));
  }
  put_over(given, options.config);
  for (const auto& [key, value] : given) {
    const auto named = [&](const std::vector<std::string>& keys) {
      return std::find(keys.begin(), keys.end(), key) != keys.end();
    };
    if (!options.config_include_keys.empty() && !named(options.config_include_keys)) continue;
    if (named(options.config_exclude_keys)) continue;
    plan.config.set(key, value);
  }
  for (const std::string& path : config_paths(plan.settings)) {
    RUNSTONE_TRY(const auto values, read_config_file(path));
    put_over(plan.config, values);
  }
  if (const std::string path = plan.settings.text("sweep_param_path"); !path.empty()) {
    RUNSTONE_TRY(plan.sweep_config, read_config_file(path));
  }
  return {};
}

}  // namespace runstone
