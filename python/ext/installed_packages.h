#pragma once

#include <string>
#include <vector>

namespace runstone::python {

/// "name==version" of each distribution installed in `folders` (sys.path), sorted, each name once:
/// the first folder wins, as for import. Read from the .dist-info and .egg-info names; needs no
/// GIL.
std::vector<std::string> installed_packages(const std::vector<std::string>& folders);

}  // namespace runstone::python
