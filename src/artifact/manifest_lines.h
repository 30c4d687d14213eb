#pragma once

#include <string>
#include <vector>

#include "protocol/record.h"
#include "runstone/result.h"

namespace runstone::artifact {

/// The entries, by path, of a manifest that is in a file of its own beside the journal: a line of
/// JSON for each, gzipped. Stock clients write one from 100,000 entries on, and the record names
/// it. Errors: kNotFound (there is no such file), kCorrupt (another form, cut), those of reading.
Result<std::vector<protocol::ManifestEntry>> read_manifest_lines(const std::string& path);

}  // namespace runstone::artifact
