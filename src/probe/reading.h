#pragma once

#include <string>
#include <vector>

namespace runstone::probe {

/// One value of one moment, under its key in a row of system metrics without `system.`:
/// "cpu", "disk.vda.in", "gpu.0.temp".
struct Reading {
  std::string key;
  double value = 0;
};
using Readings = std::vector<Reading>;

}  // namespace runstone::probe
