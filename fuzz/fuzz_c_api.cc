// The functions of runstone.h, as a program in another language may call them: any bytes as keys,
// texts and JSON, any kind, any size that the caller's memory has. Each field of a row is a byte
// for its kind, one for its flags, one for the size of its key, one for the size of its value, and
// those bytes. The rows go into a run that is offline, below a folder of the process.

#include <stdlib.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/encoding.h"
#include "runstone.h"

namespace {

/// A run that is begun anew now and then, so that its journal stays small.
class SomeRun {
 public:
  SomeRun() {
    char name[] = "/tmp/runstone-fuzz-XXXXXX";
    RUNSTONE_ASSERT(mkdtemp(name) != nullptr);
    folder_ = name;
  }
  ~SomeRun() {
    end();
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
  }
  SomeRun(const SomeRun&) = delete;
  SomeRun& operator=(const SomeRun&) = delete;

  runstone_run* get() {
    constexpr int kCallsMax = 2'000;
    if (calls_++ % kCallsMax == 0) begin();
    return run_;
  }

 private:
  void begin() {
    end();
    const runstone_field options[] = {
        runstone_text("mode", "offline"), runstone_text("dir", folder_.c_str()),
        runstone_json("settings", R"({"silent": true, "x_disable_machine_info": true,
                                      "x_disable_stats": true, "console": "off"})")};
    RUNSTONE_ASSERT(runstone_init(options, 3, &run_) == RUNSTONE_OK);
  }
  void end() {
    if (run_ == nullptr) return;
    RUNSTONE_ASSERT(runstone_finish(run_, 0, nullptr) == RUNSTONE_OK);
    runstone_run_free(run_);
    std::error_code error;
    std::filesystem::remove_all(folder_ + "/runstone", error);
  }

  std::string folder_;
  runstone_run* run_ = nullptr;
  std::uint64_t calls_ = 0;
};

std::string_view take(std::string_view& bytes, std::size_t size) {
  const auto taken = bytes.substr(0, size);
  bytes.remove_prefix(taken.size());
  return taken;
}

std::vector<runstone_field> fields_of(std::string_view bytes) {
  std::vector<runstone_field> fields;
  while (bytes.size() >= 4 && fields.size() < 64) {
    const auto head = take(bytes, 4);
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(head[i]); };
    const auto key = take(bytes, at(2));
    const auto value = take(bytes, at(3));
    runstone_field field{};
    field.key = key.data();
    field.key_size = key.size();
    field.kind = at(0) % 10 - 1;  // one too low to two too high
    field.flags = at(1) % 4;
    field.size = value.size();
    if (field.kind == RUNSTONE_KIND_TEXT || field.kind == RUNSTONE_KIND_JSON) {
      field.as.text = value.empty() ? nullptr : value.data();
    } else {  // an integer, a number, or a handle that is none
      std::memcpy(&field.as, value.data(), std::min(value.size(), sizeof field.as.integer));
      if (field.kind == RUNSTONE_KIND_MEDIA_LIST) {
        field.as.list = nullptr;
        if (at(1) % 2 == 0) field.size = 0;
      }
    }
    fields.push_back(field);
  }
  return fields;
}

void check(runstone_status status) {
  RUNSTONE_ASSERT(status != RUNSTONE_INTERNAL);
  if (status == RUNSTONE_OK) return;
  RUNSTONE_ASSERT(runstone_last_error()[0] != '\0');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static SomeRun run;
  runstone_run* const handle = run.get();
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto fields = fields_of(bytes);
  check(runstone_log(handle, fields.data(), fields.size()));
  check(runstone_config_update(handle, fields.data(), fields.size(), 1));
  check(runstone_summary_update(handle, fields.data(), fields.size()));
  check(runstone_write_console(handle, 0, bytes.data(), bytes.size()));
  const std::string text(bytes.substr(0, 200));
  check(runstone_define_metric(handle, text.c_str(), fields.data(), fields.size()));
  check(runstone_alert(handle, text.c_str(), text.c_str(), fields.data(), fields.size()));
  for (const runstone_field& field : fields) check(runstone_run_set(handle, &field));
  char* shown = nullptr;
  std::size_t shown_size = 0;
  check(runstone_run_property(handle, text.c_str(), &shown, &shown_size));
  runstone_free(shown);
  return 0;
}
