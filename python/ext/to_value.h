#pragma once

#include <nanobind/nanobind.h>

#include <string>
#include <string_view>

#include "runstone/value.h"

namespace runstone::python {

/// What converts objects that are no built-in type: the name of a function of runstone._convert
/// that answers with built-in types or raises.
struct Conversion {
  const char* function;
};
inline constexpr Conversion kLogConversion{"log_value"};
inline constexpr Conversion kLogItemConversion{"log_item"};  // inside of a list
inline constexpr Conversion kConfigConversion{"config_value"};
inline constexpr Conversion kSummaryConversion{"summary_value"};
inline constexpr Conversion kMetadataConversion{"metadata_value"};
inline constexpr Conversion kPlainConversion{"plain_value"};

/// Built-in scalars, lists, tuples and dicts as they are, all else by `conversion`. Raises
/// TypeError for what cannot be stored, RecursionError for a container that holds itself.
Value to_value(nanobind::handle object, Conversion conversion);
Dict to_dict(nanobind::handle mapping, Conversion conversion);

/// The text of a dict's key: a str as it is, an int or tuple as the formats spell it.
std::string to_label(nanobind::handle key);
/// UTF-8 of a str; borrowed from it. Raises UnicodeEncodeError for lone surrogates.
std::string_view utf8_of(nanobind::handle str);
/// The answer of runstone._convert for an object that is no built-in type.
nanobind::object convert_by(Conversion conversion, nanobind::handle object);

/// Integers past 64 bits become doubles, and infinity past those.
Value int_value(nanobind::handle integer);

/// Counts as a level of Python's recursion, so that a dict that holds itself raises RecursionError.
class RecursionGuard {
 public:
  RecursionGuard();
  ~RecursionGuard() { Py_LeaveRecursiveCall(); }
  RecursionGuard(const RecursionGuard&) = delete;
  RecursionGuard& operator=(const RecursionGuard&) = delete;
};

}  // namespace runstone::python
