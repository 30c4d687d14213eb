#include "artifacts/names.h"

#include <algorithm>
#include <string>

namespace runstone::artifacts {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

Failure bad(const char* what, std::string_view name, const char* why) {
  // A name of a megabyte must not come back in the answer.
  return fail(ErrorCode::kInvalidArgument,
              std::string(what) + " '" + std::string(name.substr(0, 80)) +
                  (name.size() > 80 ? "...'" : "'") + " is not possible: " + why);
}

Result<void> check_length(const char* what, std::string_view name) {
  if (name.empty()) return bad(what, name, "it is empty");
  if (name.size() > kMaxNameChars) return bad(what, name, "it has more than 128 characters");
  if (std::any_of(name.begin(), name.end(), is_control)) {
    return bad(what, name, "it has control characters");
  }
  return {};
}

// Words of letters, digits, - and _ (anything beyond ASCII counts as a letter), with spaces
// between.
bool is_words(std::string_view text, std::string_view also) {
  const auto in_word = [&](char c) {
    return static_cast<unsigned char>(c) >= 0x80 || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           also.find(c) != std::string_view::npos;
  };
  if (text.front() == ' ' || text.back() == ' ') return false;
  return std::all_of(text.begin(), text.end(), [&](char c) { return c == ' ' || in_word(c); });
}

}  // namespace

bool is_version_name(std::string_view text) {
  return text.size() > 1 && text.front() == 'v' &&
         text.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

Result<void> check_alias(std::string_view alias) {
  if (auto length = check_length("alias", alias); !length) return length;
  if (alias.find_first_of("/:") != std::string_view::npos) {
    return bad("alias", alias, "it may not have / or :");
  }
  if (is_version_name(alias)) {
    return bad("alias", alias, "names like v0 are those of versions; they are given by the server");
  }
  return {};
}

Result<void> check_collection_name(std::string_view name) {
  if (auto length = check_length("collection name", name); !length) return length;
  if (name == "." || name == ".." || name.find_first_of("/:\\") != std::string_view::npos) {
    return bad("collection name", name, "it may not have / or : or \\, nor be . or ..");
  }
  return {};
}

Result<void> check_type_name(std::string_view name) {
  if (auto length = check_length("artifact type", name); !length) return length;
  if (name.find_first_of("/:\\") != std::string_view::npos) {
    return bad("artifact type", name, "it may not have / or : or \\");
  }
  return {};
}

Result<void> check_tag(std::string_view tag) {
  if (auto length = check_length("tag", tag); !length) return length;
  if (!is_words(tag, "")) {
    return bad("tag", tag, "it may have letters, digits, - and _, and spaces between words");
  }
  return {};
}

}  // namespace runstone::artifacts
