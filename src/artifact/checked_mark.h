#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace runstone::artifact {

// A file in the cache is used many times, and digesting a large one takes several times as long as
// copying it. So a file carries the digest that its content was found to have, with its size and
// the time of its last change: as long as these are what they were, nobody has written to it.
// Kept in the extended attribute user.runstone.checked; where a file system has none, the file is
// digested each time.

struct FileStamp {
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ns = 0;
};
/// Nothing if there is no such file.
std::optional<FileStamp> stamp_of(const std::string& path);

/// `stamp` is that of before the content was read, so that a change meanwhile is noticed.
void mark_checked(const std::string& path, const FileStamp& stamp, const std::string& digest);
/// The same of a new file that nobody else knows yet.
void mark_checked(const std::string& path, const std::string& digest);

/// Whether the content is known to have this digest. False says nothing about it.
bool is_marked_checked(const std::string& path, const std::string& digest);

}  // namespace runstone::artifact
