#pragma once

#include <nanobind/nanobind.h>

#include <deque>
#include <vector>

#include "runstone/row.h"
#include "runstone/value.h"

namespace runstone::python {

/// Walks the dict given to log() into a Row without a copy of its numbers and texts. What the row
/// borrows lives in the dict, or here, until the next read(). Kept per thread, so that nothing is
/// allocated for rows of numbers.
class RowReader {
 public:
  /// Raises runstone.errors.InvalidDataError (a TypeError and a ValueError) for what is no mapping,
  /// for a top-level key that is no str, and for values that cannot be stored.
  Span<const Field> read(nanobind::handle data);
  /// Lets go of the Python objects and values of the last row.
  void clear();

 private:
  void read_dict(nanobind::handle dict, bool top);
  void read_item(std::string_view key, nanobind::handle value, bool converted);

  Row row_;
  std::deque<Value> values_;               // lists; the row points to them
  std::vector<nanobind::object> objects_;  // converted objects whose text the row borrows
};

}  // namespace runstone::python
