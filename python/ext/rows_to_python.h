#pragma once

#include <nanobind/nanobind.h>

#include <vector>

#include "runstone/public_run.h"

namespace runstone::python {

/// A list of dicts. Rows of one run have the same keys: each is made a str once.
nanobind::list rows_to_python(const std::vector<Dict>& rows);

/// [(name, type, values, validity)]: the type "int", "double", "bool" or "text"; values as bytes of
/// int64 or float64 in the machine's order, or a list of str; validity as bytes, one a row, 0 or 1.
nanobind::list columns_to_python(const std::vector<HistoryColumn>& columns);

}  // namespace runstone::python
