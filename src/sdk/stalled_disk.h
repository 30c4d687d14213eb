#pragma once

namespace runstone::testing_support {

/// While it lives, nothing that a disk has to confirm returns: fsync(), fdatasync(), fallocate(),
/// ftruncate(). What only touches memory (a mapping that is there) goes on, as on a machine whose
/// disk hangs. Only in a program that links stalled_disk.cc, which stands in for those calls.
class StalledDisk {
 public:
  StalledDisk();
  ~StalledDisk();
  StalledDisk(const StalledDisk&) = delete;
  StalledDisk& operator=(const StalledDisk&) = delete;
  /// Until a thread hangs in one of those calls.
  void wait_until_somebody_hangs();
  int hanging_count();
};

}  // namespace runstone::testing_support
