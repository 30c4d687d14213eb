#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "runstone/result.h"

namespace runstone::media {

class Object;

/// An entry of an artifact, as values beside it name it.
struct PackedFile {
  std::string path;
  std::string digest;  ///< base64 MD5 of the content
  std::string sha256;
  std::uint64_t size_bytes = 0;
};

/// The artifact that media are put into.
class Package {
 public:
  virtual ~Package() = default;
  /// An entry of these bytes. The same content under the same path is one entry.
  /// Errors: kInvalidArgument (other content under that path), kIo, kResourceExhausted.
  virtual Result<PackedFile> add_bytes(const std::string& path, std::string_view bytes) = 0;
  /// The same of bytes that `fill` gives piece by piece. Errors: `fill`'s, too.
  using Write = std::function<Result<void>(std::string_view piece)>;
  virtual Result<PackedFile> add_written(
      const std::string& path, const std::function<Result<void>(const Write& write)>& fill) = 0;
  /// The same of a copy of a file's content.
  virtual Result<PackedFile> add_file(const std::string& path, const std::string& local_path) = 0;
  /// An entry that names an address.
  virtual Result<PackedFile> add_reference(const std::string& path, const std::string& uri) = 0;
  /// The entry that describes `object`: <name>.<its type>.json, with the files that it names. An
  /// object that is in the artifact already keeps its entry.
  virtual Result<PackedFile> add_object(const std::shared_ptr<Object>& object,
                                        const std::string& name) = 0;
  virtual bool has_entry(const std::string& path) const = 0;
  /// Whether a table of too many rows is an error.
  virtual bool refuses_long_tables() const = 0;
  virtual void warn(const std::string& text) = 0;
};

/// Generated content: media/<folder>/<first 20 hex of its MD5><extension>.
Result<PackedFile> pack_generated(Package& package, std::string_view folder,
                                  std::string_view extension, std::string_view bytes);
/// A user's file: media/<folder>/<first 20 hex of its SHA-256>/<its name>; an address as reference.
Result<PackedFile> pack_file(Package& package, std::string_view folder, const std::string& path);

}  // namespace runstone::media
