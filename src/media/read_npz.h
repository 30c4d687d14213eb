#pragma once

#include <string>
#include <string_view>

#include "runstone/result.h"
#include "runstone/table.h"

namespace runstone::media {

/// The array `name` of numpy's .npz (a zip of .npy files, deflated or not). Errors: kCorrupt (no
/// such file, no such array), kInvalidType (elements that are no numbers in this machine's order,
/// or in the order of columns).
/// Source: numpy.lib.format, versions 1.0 to 3.0; APPNOTE.TXT 6.3.3.
Result<NumberArray> read_npz(std::string_view bytes, const std::string& name);

}  // namespace runstone::media
