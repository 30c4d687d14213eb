#include "artifact/rules.h"

#include <algorithm>
#include <cmath>

#include "base/try.h"

namespace runstone::artifact {
namespace {

constexpr std::size_t kMaxNameChars = 128;
constexpr std::size_t kMaxMetadataKeys = 100;

bool begins(const std::string& text, const char* front) { return text.rfind(front, 0) == 0; }

bool is_name_char(unsigned char c) {
  return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '-';
}

// Any byte past ASCII counts as a letter: tags are words in every language.
bool is_word_char(unsigned char c) {
  return std::isalnum(c) != 0 || c == '-' || c == '_' || c >= 0x80;
}

bool is_tag(const std::string& tag) {
  if (tag.empty() || !is_word_char(static_cast<unsigned char>(tag.front())) ||
      !is_word_char(static_cast<unsigned char>(tag.back()))) {
    return false;
  }
  return std::all_of(tag.begin(), tag.end(),
                     [](unsigned char c) { return is_word_char(c) || c == ' '; });
}

Result<Value> without_nan(const Value& value) {
  if (const double* number = value.if_double()) {
    if (std::isnan(*number)) return Value();
    if (std::isinf(*number)) {
      return fail(ErrorCode::kInvalidArgument, "an artifact's metadata cannot hold infinities");
    }
  } else if (const List* list = value.if_list()) {
    List checked;
    for (const Value& item : *list) {
      RUNSTONE_TRY(Value plain, without_nan(item));
      checked.push_back(std::move(plain));
    }
    return Value(std::move(checked));
  } else if (const Dict* dict = value.if_dict()) {
    Dict checked;
    for (const auto& [key, item] : *dict) {
      RUNSTONE_TRY(Value plain, without_nan(item));
      checked.set(key, std::move(plain));
    }
    return Value(std::move(checked));
  }
  return value;
}

/// The parts of a path between separators; empty ones and `.` say nothing.
std::vector<std::string> parts_of(const std::string& path, const char* separators) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find_first_of(separators, at), path.size());
    if (end > at && path.compare(at, end - at, ".") != 0)
      parts.push_back(path.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

bool has_anchor(const std::string& path) {
  const bool has_drive =
      path.size() >= 2 && path[1] == ':' && std::isalpha(static_cast<unsigned char>(path[0])) != 0;
  return has_drive || begins(path, "/") || begins(path, "\\");
}

}  // namespace

Result<void> check_name(const std::string& name) {
  const bool is_allowed = std::all_of(name.begin(), name.end(), is_name_char);
  if (is_allowed && !name.empty() && name.size() <= kMaxNameChars) return {};
  return fail(ErrorCode::kInvalidArgument,
              "Artifact names may only contain alphanumeric characters, dashes, underscores, and "
              "dots, 1 to 128 of them. Invalid name: '" +
                  name + "'");
}

Result<void> check_type(const std::string& name, const std::string& type) {
  const bool is_reserved = type == "job" || begins(type, "wandb-") ||
                           (type == "run_table" && begins(name, "run-")) ||
                           (type == "code" && begins(name, "source-"));
  if (!is_reserved) return {};
  return fail(ErrorCode::kInvalidArgument,
              "Artifact type '" + type +
                  "' is reserved for internal use (with this name): use a different type");
}

// The server may be asked from any system, so what is absolute on one is refused on all.
Result<std::string> checked_path(const std::string& path) {
  const auto invalid = [&] {
    return fail(ErrorCode::kInvalidArgument,
                "Invalid artifact path: '" + path + "': it must be relative, without ..");
  };
  if (has_anchor(path)) return invalid();
  for (const std::string& part : parts_of(path, "/\\")) {
    if (part == "..") return invalid();
  }
  std::string normal;
  for (const std::string& part : parts_of(path, "/")) normal += (normal.empty() ? "" : "/") + part;
  if (normal.empty()) return invalid();
  return normal;
}

Result<Dict> checked_metadata(const Dict& metadata) {
  if (metadata.size() > kMaxMetadataKeys) {
    return fail(ErrorCode::kInvalidArgument,
                "Artifact must not have more than 100 metadata keys, these are " +
                    std::to_string(metadata.size()));
  }
  RUNSTONE_TRY(const Value checked, without_nan(Value(metadata)));
  return *checked.if_dict();
}

Result<std::vector<std::string>> checked_aliases(const std::vector<std::string>& aliases) {
  std::vector<std::string> checked;
  for (const std::string& alias : aliases) {
    if (alias.empty() || alias.find_first_of("/:") != std::string::npos) {
      return fail(
          ErrorCode::kInvalidArgument,
          "Aliases must not contain any of '/' and ':', and must not be empty: '" + alias + "'");
    }
    if (std::find(checked.begin(), checked.end(), alias) == checked.end()) {
      checked.push_back(alias);
    }
  }
  return checked;
}

Result<std::vector<std::string>> aliases_of_version(const std::vector<std::string>& aliases) {
  RUNSTONE_TRY(auto checked, checked_aliases(aliases));
  if (std::find(checked.begin(), checked.end(), "latest") == checked.end()) {
    checked.emplace_back("latest");
  }
  return checked;
}

Result<std::vector<std::string>> checked_tags(const std::vector<std::string>& tags) {
  std::vector<std::string> checked;
  for (const std::string& tag : tags) {
    if (!is_tag(tag)) {
      return fail(ErrorCode::kInvalidArgument,
                  "Invalid tag '" + tag +
                      "': a tag is words of letters, digits, - and _, separated by spaces");
    }
    if (std::find(checked.begin(), checked.end(), tag) == checked.end()) checked.push_back(tag);
  }
  return checked;
}

Result<Digest::Kind> digest_kind(const std::string& algorithm) {
  if (algorithm == "MD5") return Digest::Kind::kMd5;
  if (algorithm == "XXH128") return Digest::Kind::kXxh128;
  return fail(ErrorCode::kInvalidArgument,
              "digest_algorithm must be MD5 or XXH128, not '" + algorithm + "'");
}

}  // namespace runstone::artifact
