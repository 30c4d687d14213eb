#include "sdk/resume_file.h"

#include "base/json.h"
#include "fs/file_system.h"

namespace runstone {
namespace {
constexpr std::uint64_t kMaxFileBytes = 64 * 1024;
}

Result<std::string> load_resumable_run(const std::string& path) {
  fs::FileSystem& disk = fs::real_file_system();
  if (!disk.exists(path)) return std::string();
  const auto text = fs::read_file(disk, path, kMaxFileBytes);
  if (!text) return fail(text.error());
  const auto parsed = json::parse(*text);
  const Value* id = parsed ? parsed->get("run_id") : nullptr;
  if (id == nullptr || !id->is_string() || id->string_or("").empty()) {
    return fail(ErrorCode::kCorrupt,
                path + " does not name a run (it looks like {\"run_id\": \"...\"}) and is ignored");
  }
  return std::string(id->string_or(""));
}

Result<void> save_resumable_run(const std::string& path, const std::string& run_id) {
  return fs::replace_file(fs::real_file_system(), path,
                          json::to_text(Dict{{"run_id", run_id}}) + "\n");
}

void forget_resumable_run(const std::string& path) {
  discard(fs::real_file_system().remove(path),
          "there is none, or the folder cannot be written: then nothing is kept there either");
}

}  // namespace runstone
