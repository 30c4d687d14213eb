#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "fs/file_system.h"
#include "runstone/result.h"

namespace runstone::server {

/// The layout of a server's data folder that this program writes. A newer one is refused.
inline constexpr int kDataFormatVersion = 1;

/// $RUNSTONE_DATA, else ~/.runstone.
std::filesystem::path default_data_folder();

/// A server's data, held by one process at a time: the lock lives as long as this object.
class DataFolder {
 public:
  /// Makes the folder (mode 0700) if there is none.
  /// Errors: kConflict, naming the process, if another server has it; kFailedPrecondition if a
  /// newer program wrote it; kPermissionDenied, kIo.
  static Result<DataFolder> open(const std::filesystem::path& folder);

  const std::filesystem::path& path() const { return folder_; }
  std::filesystem::path database() const { return folder_ / "runstone.db"; }
  std::filesystem::path objects() const { return folder_ / "objects"; }
  std::filesystem::path client_file() const { return folder_ / "client.json"; }

 private:
  DataFolder(std::filesystem::path folder, std::unique_ptr<fs::File> lock)
      : folder_(std::move(folder)), lock_(std::move(lock)) {}

  std::filesystem::path folder_;
  std::unique_ptr<fs::File> lock_;
};

}  // namespace runstone::server
