#pragma once

#include "fs/file_system.h"
#include "runstone/result.h"

namespace runstone::uplink {

/// Makes files/output.log from the journal's console records, for a run that has none: its process
/// was killed, or its client did not write one. A `\r` restarts its line. Makes nothing if the run
/// printed nothing. Memory is bounded by a line. Errors: kConflict if the file exists; of the disk.
Result<void> make_console_file(fs::FileSystem& disk, const fs::Path& journal, const fs::Path& path);
/// The same in place of a file that is there, in one step; that stays if the journal has no
/// console.
Result<void> renew_console_file(fs::FileSystem& disk, const fs::Path& journal,
                                const fs::Path& path);

}  // namespace runstone::uplink
