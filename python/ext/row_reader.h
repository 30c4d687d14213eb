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
  /// Whether the row holds media: then it takes a while to log, and owned() is what may be used
  /// without the interpreter's lock, while somebody changes the dict.
  bool has_media() const { return !media_.empty() || !media_lists_.empty(); }
  Span<const Field> owned();
  /// Lets go of the Python objects and values of the last row.
  void clear();

 private:
  void read_dict(nanobind::handle dict, bool top);
  void read_item(std::string_view key, nanobind::handle value, bool converted);
  bool read_media_list(std::string_view key, nanobind::handle list);

  Row row_;
  PyObject* current_key_ = nullptr;  // of the top level, borrowed from the row that is read
  std::deque<Value> values_;         // lists; the row points to them
  std::deque<Media> media_;
  std::deque<std::vector<Media>> media_lists_;
  std::vector<Field> owned_;
  std::vector<nanobind::object> objects_;  // converted objects whose text the row borrows
};

}  // namespace runstone::python
