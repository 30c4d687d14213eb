#include "model/key_path.h"

#include "runstone/row.h"

namespace runstone {

void append_escaped_label(std::string& out, std::string_view label) {
  for (const char c : label) {
    if (c == '.' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
}

std::string escape_label(std::string_view label) {
  std::string out;
  out.reserve(label.size());
  append_escaped_label(out, label);
  return out;
}

std::string join_key_path(const KeyPath& path) {
  std::string out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (i > 0) out.push_back('.');
    append_escaped_label(out, path[i]);
  }
  return out;
}

KeyPath split_key_path(std::string_view text) {
  KeyPath path(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      path.back().push_back(text[++i]);
    } else if (text[i] == '.') {
      path.emplace_back();
    } else {
      path.back().push_back(text[i]);
    }
  }
  return path;
}

}  // namespace runstone
