#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runstone/table.h"

namespace runstone::media {

/// numpy's .npz (a zip of .npy files) of one array: all of `arrays`, of one shape, stacked. A null
/// among them is NaN. Arrays of several types become doubles.
/// Source: numpy.lib.format, version 1.0.
std::string stacked_npz(const std::string& name,
                        const std::vector<std::shared_ptr<const NumberArray>>& arrays,
                        const std::vector<std::int64_t>& shape);

}  // namespace runstone::media
