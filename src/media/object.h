#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "media/package.h"
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

  /// Where the entries of an artifact that the run logs itself are found.
  struct Address {
    std::string client;  ///< wandb-client-artifact://<id>/
    std::string latest;  ///< the same of its collection's newest version
  };
  /// Logs an artifact of a type that is the run's own, of what `fill` puts into it.
  virtual Result<Address> log_artifact(const std::string& name, const std::string& type,
                                       bool incremental,
                                       const std::function<Result<void>(Package&)>& fill) = 0;
  /// The id that artifacts of the run are named by.
  virtual const std::string& run_name() const = 0;
  /// What the run's summary holds under the key, from this process or, resumed, an earlier one.
  virtual std::optional<Value> known_value(const std::string& key) const = 0;
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
  kChart,
  kClasses,
  kJoinedTable
};

/// The content behind a Media handle.
class Object {
 public:
  virtual ~Object() = default;
  virtual Kind kind() const = 0;
  virtual std::string_view type() const = 0;  ///< the `_type` of its stored form
  /// The value that a row holds for it, its files written. Errors: of the disk, of the encoder.
  virtual Result<Value> bind(Sink& sink, const Place& place);
  /// What describes it in an artifact, as JSON text; the files that it names are added, too.
  /// Errors: kInvalidType if such a thing has no place there, those of the disk and the encoder.
  virtual Result<std::string> artifact_json(Package& package);
  /// The `_type` that an artifact names it by.
  virtual std::string_view artifact_type() const { return type(); }
  virtual bool same_content(const Object& other) const { return this == &other; }

 protected:
  /// bind() without the memory of earlier calls.
  virtual Result<Value> encode(Sink& sink, const Place& place) = 0;
  /// Lets the next bind() encode anew. With the lock held.
  void forget_binding() { bound_run_.clear(); }

  std::mutex mutex_;  // of bind()
  Result<Value> bind_locked(Sink& sink, const Place& place);

 private:
  std::string bound_run_;
  Value bound_;
};

/// The value of a list of media.
Result<Value> bind_list(Span<Object* const> objects, Sink& sink, const Place& place);

}  // namespace runstone::media
