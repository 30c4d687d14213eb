#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fs/file_system.h"
#include "runstone/result.h"

namespace runstone {

/// One value of a TensorBoard event.
struct TfValue {
  enum class Kind { kNumber, kText, kImage, kHistogram } kind = Kind::kNumber;
  std::string tag;
  double number = 0;
  std::string bytes;                  ///< of kText (UTF-8) and kImage (an encoded file)
  std::vector<double> counts, edges;  ///< [k], [k+1] of kHistogram
};
struct TfEvent {
  double wall_time = 0;  ///< Unix seconds
  std::int64_t step = 0;
  std::vector<TfValue> values;  ///< those of kinds that are known here
};

/// Source   CRC-32C (Castagnoli), masked as TensorFlow's record files have it.
std::uint32_t masked_crc32c(std::string_view bytes);

/// What an event file holds. Errors: kCorrupt for bytes that are no Event message.
Result<TfEvent> parse_tf_event(std::string_view bytes);

/// Reads a TensorBoard event file (`events.out.tfevents.*`) while it grows.
/// Source   the TFRecord framing and the Event and Summary messages of TensorFlow; values of the
///          plugins scalars, images, histograms and text, in their old and their tensor form.
class TfEventReader {
 public:
  static Result<TfEventReader> open(const std::string& path);
  /// The next event; nothing if the file has no whole one yet. Errors: kCorrupt if the bytes are
  /// not what was written (nothing behind them can be read), kIo.
  Result<std::optional<TfEvent>> next();

 private:
  explicit TfEventReader(std::unique_ptr<fs::File> file) : file_(std::move(file)) {}
  Result<bool> fill(std::size_t size);

  std::unique_ptr<fs::File> file_;
  std::uint64_t file_offset_ = 0;
  std::string buffer_;
};

}  // namespace runstone
