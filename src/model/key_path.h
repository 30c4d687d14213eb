#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace runstone {

/// The labels from a row's top to a leaf: {"n":{"x":1}} has the leaf ["n","x"].
using KeyPath = std::vector<std::string>;

/// The leaf path text that is a metric's name everywhere: labels joined by `.`; a literal `.` or
/// `\` in a label escaped by `\`. (append_escaped_label() of runstone/row.h is the escaping.)
std::string escape_label(std::string_view label);
std::string join_key_path(const KeyPath& path);
/// The inverse for every text that join_key_path() gives; of other texts a `\` before any character
/// stands for that character, and one at the very end for itself.
KeyPath split_key_path(std::string_view text);

}  // namespace runstone
