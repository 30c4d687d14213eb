// config.yaml: whatever a config holds, what is written is YAML, and says the same.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/encoding.h"
#include "base/json.h"
#include "model/config_rules.h"
#include "model/yaml_text.h"

using namespace runstone;

namespace {

// Past what the reader takes by choice, or what no YAML holds.
bool is_beyond(const Value& value, int depth) {
  if (depth > kMaxYamlDepth / 2) return true;
  if (const auto* list = value.if_list()) {
    for (const Value& item : *list) {
      if (is_beyond(item, depth + 1)) return true;
    }
  }
  if (const auto* dict = value.if_dict()) {
    for (const auto& [key, item] : *dict) {
      if (!is_valid_utf8(key) || is_beyond(item, depth + 1)) return true;
    }
  }
  const auto* text = value.if_string();
  return text != nullptr && !is_valid_utf8(*text);
}

// Dicts that say nothing are left out, as in the reference.
bool says_nothing(const Value& value) {
  const Dict* dict = value.if_dict();
  if (dict == nullptr) return false;
  for (const auto& [key, item] : *dict) {
    if (!says_nothing(item)) return false;
  }
  return true;
}

bool same(const Value& written, const Value& read) {
  if (const auto* list = written.if_list()) {
    const auto* other = read.if_list();
    if (other == nullptr || other->size() != list->size()) return false;
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (!same((*list)[i], (*other)[i])) return false;
    }
    return true;
  }
  if (const auto* dict = written.if_dict()) {
    if (says_nothing(written)) return read.is_null() || says_nothing(read);
    const auto* other = read.if_dict();
    if (other == nullptr) return false;
    for (const auto& [key, item] : *dict) {
      if (says_nothing(item)) continue;
      const Value* found = other->find(key);
      if (found == nullptr || !same(item, *found)) return false;
    }
    return true;
  }
  if (written.is_number()) {
    const double a = written.number_or(0), b = read.number_or(std::nan(""));
    return a == b || (std::isnan(a) && std::isnan(b));
  }
  return written == read;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config = json::parse({reinterpret_cast<const char*>(data), size});
  if (!config || !config->is_dict() || is_beyond(*config, 0)) return 0;
  const std::string yaml = to_config_yaml(*config->if_dict());
  if (yaml.empty() || yaml.size() > kMaxYamlBytes) return 0;
  const auto read = parse_yaml(yaml);
  if (read && same(*config, *read)) return 0;
  std::fprintf(stderr, "%s\n%s\n%s\n", yaml.c_str(), json::to_text(*config).c_str(),
               read ? json::to_text(*read).c_str() : read.error().message.c_str());
  RUNSTONE_ASSERT(false);
  return 0;
}
