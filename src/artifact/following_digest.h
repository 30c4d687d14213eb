#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "artifact/manifest.h"
#include "base/digest.h"
#include "runstone/result.h"

namespace runstone::artifact {

/// The digest of a file that is being written, taken by a thread of its own that reads what is
/// there already, from the page cache: writing and digesting each take about as long. Where the
/// system gives no thread, finish() does all of it.
class FollowingDigest {
 public:
  /// Errors: as of opening the file for reading.
  static Result<std::unique_ptr<FollowingDigest>> of(const std::string& path, Digest::Kind kind);
  /// Ends at once, digested or not.
  ~FollowingDigest();
  FollowingDigest(const FollowingDigest&) = delete;
  FollowingDigest& operator=(const FollowingDigest&) = delete;

  /// From this size of a file on the thread is worth while.
  static constexpr std::uint64_t kWorthwhileBytes = std::uint64_t{32} << 20;

  /// So many bytes more are in the file. One thread.
  void grow(std::size_t bytes);
  /// Waits for the rest. Once. Errors: of reading.
  Result<FileDigest> finish();

 private:
  FollowingDigest(std::string path, int descriptor, Digest::Kind kind);
  void tell(std::uint64_t state);
  void follow();

  const std::string path_;
  const int descriptor_;
  Digest digest_;
  std::optional<Error> error_;  // of the thread, until it is joined
  std::uint64_t written_bytes_ = 0;
  std::atomic<bool> is_abandoned_{false};
  std::atomic<std::uint64_t> state_{0};  // twice the bytes that are there, plus 1 at the end
  Result<std::thread> thread_;
};

}  // namespace runstone::artifact
