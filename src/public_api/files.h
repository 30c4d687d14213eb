#pragma once

#include <memory>
#include <string>

#include "public_api/run_record.h"
#include "runstone/public_run.h"

namespace runstone::public_api {

/// A file as a server lists it.
struct FileRecord {
  std::shared_ptr<RunRecord> run;
  std::string id, name, url, mimetype, md5, updated_at;
  std::uint64_t size_bytes = 0;
  std::int64_t project_number = -1;  ///< that deleteFiles wants; -1 if the server gave none
};

}  // namespace runstone::public_api
