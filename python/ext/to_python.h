#pragma once

#include <nanobind/nanobind.h>

#include <optional>

#include "runstone/value.h"

namespace runstone::python {

/// None, bool, int, float, str, list or dict.
nanobind::object to_python(const Value& value);
nanobind::dict to_python(const Dict& dict);
/// None if there is nothing.
nanobind::object to_python(const std::optional<Value>& value);

}  // namespace runstone::python
