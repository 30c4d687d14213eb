#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"
#include "runstone/span.h"
#include "runstone/value.h"

namespace runstone::media {

/// Whose value it is in which row: what file names are made of.
struct Place {
  std::string key;   ///< of a nested dict the inner key
  std::string step;  ///< "3", or "summary"
};

/// A file below the run's `files` directory, as media values name it.
struct StoredFile {
  std::string path;
  std::string sha256;
  std::uint64_t size_bytes = 0;
};

/// What a run does for media that are being logged. Any thread, without a lock held.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Which run: a media logged twice in one run keeps its first file.
  virtual const std::string& run_id() const = 0;
  /// Writes `bytes` to media/<folder>/<key>_<step>_<digest><extension>; the extension has its dot.
  virtual Result<StoredFile> store(std::string_view folder, std::string_view extension,
                                   const Place& place, Span<const std::string_view> bytes) = 0;
  Result<StoredFile> store(std::string_view folder, std::string_view extension, const Place& place,
                           std::string_view bytes) {
    return store(folder, extension, place, Span<const std::string_view>(&bytes, 1));
  }
  /// The same of a file's content.
  virtual Result<StoredFile> store_file(std::string_view folder, std::string_view extension,
                                        const Place& place, const std::string& path) = 0;
  /// Sets a value below the config's `_wandb`.
  virtual Result<void> set_private_config(const std::vector<std::string>& path, Value value) = 0;
  virtual void warn(const std::string& text) = 0;
};

/// What a batch of media becomes; a list of different kinds becomes a list of their single forms.
enum class Kind {
  kImage,
  kVideo,
  kAudio,
  kHtml,
  kObject3D,
  kMolecule,
  kPlotly,
  kGraph,
  kHistogram,
  kTable,
  kChart
};

/// The content behind a Media handle.
class Object {
 public:
  virtual ~Object() = default;
  virtual Kind kind() const = 0;
  virtual std::string_view type() const = 0;  ///< the `_type` of its stored form
  /// The value that a row holds for it, its files written. Errors: of the disk, of the encoder.
  virtual Result<Value> bind(Sink& sink, const Place& place);

 protected:
  /// bind() without the memory of earlier calls.
  virtual Result<Value> encode(Sink& sink, const Place& place) = 0;

 private:
  std::mutex mutex_;
  std::string bound_run_;
  Value bound_;
};

/// The value of a list of media.
Result<Value> bind_list(Span<Object* const> objects, Sink& sink, const Place& place);

}  // namespace runstone::media
