// Small files on a user's disk that others may have written or damaged: settings, keys, netrc, what
// is kept beside a journal, and manifests that a server gives.

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "artifact/manifest.h"
#include "base/assert.h"
#include "fs/memory_file_system.h"
#include "runstone/settings.h"
#include "sdk/stored_keys.h"
#include "uplink/sync_state.h"

using namespace runstone;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);

  // Where a path is needed: a file that lies in memory and has one all the same.
  const int file = memfd_create("client_file", MFD_CLOEXEC);
  RUNSTONE_ASSERT(file >= 0);
  RUNSTONE_ASSERT(write(file, data, size) == static_cast<ssize_t>(size));
  const std::string path = "/proc/self/fd/" + std::to_string(file);
  discard(settings_from_file(path), "an error says what is wrong with it");
  discard(read_stored_keys(path), "an error says what is wrong with it");
  for (const char* address : {"https://track.example.com", "http://127.0.0.1:8000"}) {
    const std::string key = netrc_key(path, address);
    RUNSTONE_ASSERT(key.empty() || bytes.find(key) != std::string::npos);
  }
  close(file);

  fs::MemoryFileSystem disk;
  const fs::Path journal = "run-a.wandb";
  RUNSTONE_ASSERT(fs::replace_file(disk, uplink::sync_state_path(journal), bytes).has_value());
  static_cast<void>(uplink::load_sync_state(disk, journal));

  const auto entries = artifact::parse_manifest(bytes);
  if (!entries) return 0;
  for (const auto& entry : *entries) RUNSTONE_ASSERT(!entry.path.empty() && entry.path[0] != '/');
  return 0;
}
