#include "artifact/manifest_lines.h"

#include <libdeflate.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "artifact/manifest.h"
#include "base/json.h"
#include "base/try.h"
#include "fs/file_system.h"

namespace runstone::artifact {
namespace {

constexpr std::size_t kMaxPackedBytes = std::size_t{1} << 30;
constexpr std::size_t kGzipEnvelopeBytes = 18;
constexpr std::size_t kMostInflatedTimes = 1032;  // no deflated byte stands for more

Failure corrupt(const std::string& path, const std::string& what) {
  return fail(ErrorCode::kCorrupt, "the manifest in " + path + " " + what);
}

Result<std::string> unpacked(const std::string& path, std::string_view packed) {
  if (packed.size() < kGzipEnvelopeBytes) return corrupt(path, "was cut");
  std::size_t size = 0;  // of the text, modulo 2^32: the last four bytes
  for (std::size_t i = 1; i <= 4; ++i) {
    size = size << 8 | static_cast<unsigned char>(packed[packed.size() - i]);
  }
  if (size / kMostInflatedTimes > packed.size()) return corrupt(path, "was cut or changed");
  std::string text(size, '\0');
  const std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)> inflater(
      libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
  const auto done = libdeflate_gzip_decompress(inflater.get(), packed.data(), packed.size(),
                                               text.data(), text.size(), nullptr);
  if (done != LIBDEFLATE_SUCCESS) return corrupt(path, "was cut or changed: it is no whole gzip");
  return text;
}

Result<protocol::ManifestEntry> entry_of(const std::string& path, std::string_view line) {
  const auto json = json::parse(line);
  const Value* name = json ? json->get("path") : nullptr;
  if (name == nullptr || !name->is_string()) {
    return corrupt(path, "has a line that is no entry: " + std::string(line.substr(0, 80)));
  }
  RUNSTONE_TRY(auto entry, parse_manifest_entry(*name->if_string(), *json));
  if (const Value* local = json->get("local_path")) entry.local_path = local->string_or("");
  if (const Value* skip = json->get("skip_cache")) entry.skip_cache = skip->bool_or(false);
  return entry;
}

}  // namespace

Result<std::vector<protocol::ManifestEntry>> read_manifest_lines(const std::string& path) {
  RUNSTONE_TRY(const std::string packed,
               fs::read_file(fs::real_file_system(), path, kMaxPackedBytes));
  RUNSTONE_TRY(const std::string text, unpacked(path, packed));
  std::vector<protocol::ManifestEntry> entries;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, end - at);
    at = end + 1;
    if (line.empty()) continue;
    RUNSTONE_TRY(auto entry, entry_of(path, line));
    entries.push_back(std::move(entry));
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return entries;
}

}  // namespace runstone::artifact
