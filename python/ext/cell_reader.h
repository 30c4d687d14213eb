#pragma once

#include <nanobind/nanobind.h>

#include <deque>
#include <vector>

#include "media/table_object.h"

namespace runstone::python {

/// Cells of Python rows as the columns of a table take them. What is no number or text is asked of
/// runstone.media._table.cell, and the objects themselves are kept by the caller.
class CellReader {
 public:
  /// The cell; borrowed from the object or from this reader until clear().
  media::CellView read(nanobind::handle object);
  const std::vector<media::TableObject::Link>& links() const { return links_; }
  /// Which of the cells since clear() are more than a number or text.
  const std::vector<std::size_t>& object_cells() const { return object_cells_; }
  std::size_t size() const { return size_; }
  void clear();

 private:
  bool read_scalar(nanobind::handle object, media::CellView& cell);
  media::Node read_node(nanobind::handle object);
  media::Node converted_node(nanobind::handle object);
  media::Node tagged_node(nanobind::handle converted);

  std::deque<media::Node> nodes_;
  std::vector<media::TableObject::Link> links_;  // by cell; empty if none is one
  std::vector<std::size_t> object_cells_;
  std::size_t size_ = 0;
};

/// The Python value of a cell that is a number, text or nothing; an invalid object for others.
nanobind::object to_python(const media::CellView& cell);

}  // namespace runstone::python
