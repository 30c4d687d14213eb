#pragma once

#include <string>

namespace runstone::uplink {

/// Whether some process of this machine (one that we may look at) has the file open for writing.
/// Programs other than ours take no lock on their journals; this tells a growing one from a dead
/// one. Looks through /proc, milliseconds; false where there is none.
bool is_open_for_writing(const std::string& path);

}  // namespace runstone::uplink
