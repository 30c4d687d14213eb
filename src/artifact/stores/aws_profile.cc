#include "artifact/stores/aws_profile.h"

#include <algorithm>

#include "artifact/stores/credential_service.h"
#include "fs/file_system.h"

namespace runstone::artifact {
namespace {

constexpr std::uint64_t kFileMaxBytes = 1 << 20;

using Section = std::map<std::string, std::string>;

std::string trimmed(const std::string& text) {
  const auto from = text.find_first_not_of(" \t\r");
  if (from == std::string::npos) return "";
  return text.substr(from, text.find_last_not_of(" \t\r") - from + 1);
}

/// The name inside [ ], with any run of blanks as one.
std::string section_name(const std::string& line) {
  std::string name = trimmed(line.substr(1, line.find(']') - 1));
  name.erase(
      std::unique(name.begin(), name.end(), [](char a, char b) { return a == ' ' && b == ' '; }),
      name.end());
  return name;
}

/// All sections of an ini file. Indented lines belong to the key above them and are kept under
/// "key.name", as the files nest `s3 =` and `endpoint_url = ...`.
std::map<std::string, Section> read_ini(const std::string& path) {
  std::map<std::string, Section> sections;
  const auto text = fs::read_file(fs::real_file_system(), path, kFileMaxBytes);
  if (!text) return sections;  // most users have none
  Section* section = nullptr;
  std::string outer;
  for (std::size_t at = 0; at < text->size();) {
    const std::size_t end = std::min(text->find('\n', at), text->size());
    const std::string raw = text->substr(at, end - at), line = trimmed(raw);
    at = end + 1;
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      section = &sections[section_name(line)];
      outer.clear();
    } else if (const auto equals = line.find('='); section != nullptr && equals != line.npos) {
      const bool is_nested = raw.front() == ' ' || raw.front() == '\t';
      const std::string key = trimmed(line.substr(0, equals));
      if (!is_nested) outer = key;
      (*section)[is_nested && !outer.empty() ? outer + "." + key : key] =
          trimmed(line.substr(equals + 1));
    }
  }
  return sections;
}

std::string file_at(const char* variable, const char* name) {
  const std::string file = environment(variable);
  if (file.rfind("~/", 0) == 0) return environment("HOME") + file.substr(1);
  return file.empty() ? environment("HOME") + "/.aws/" + name : file;
}

}  // namespace

std::string AwsProfile::value(const std::string& key) const {
  for (const Section* file : {&credentials, &config}) {
    if (const auto found = file->find(key); found != file->end()) return found->second;
  }
  return "";
}

Result<AwsProfile> read_aws_profile() {
  AwsProfile profile;
  for (const char* variable : {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}) {
    if (profile.name.empty()) profile.name = environment(variable);
  }
  const bool is_named = !profile.name.empty();
  if (!is_named) profile.name = "default";
  const std::string credentials_file = file_at("AWS_SHARED_CREDENTIALS_FILE", "credentials");
  const std::string config_file = file_at("AWS_CONFIG_FILE", "config");
  auto credentials = read_ini(credentials_file), config = read_ini(config_file);
  profile.credentials = credentials[profile.name];
  profile.config = config["profile " + profile.name];
  if (profile.config.empty() && profile.name == "default") profile.config = config["default"];
  if (is_named && profile.credentials.empty() && profile.config.empty()) {
    return fail(ErrorCode::kInvalidArgument, "the AWS profile '" + profile.name +
                                                 "' is in neither " + credentials_file + " nor " +
                                                 config_file + ": correct AWS_PROFILE or unset it");
  }
  if (const std::string services = profile.value("services"); !services.empty()) {
    profile.s3_endpoint = config["services " + services]["s3.endpoint_url"];
  }
  if (profile.s3_endpoint.empty()) profile.s3_endpoint = profile.value("endpoint_url");
  return profile;
}

}  // namespace runstone::artifact
