#include "media/image.h"

#include <cstdint>
#include <filesystem>
#include <set>

#include "base/json.h"
#include "base/try.h"
#include "fs/file_system.h"
#include "media/json_fields.h"
#include "media/source_file.h"
#include "media/tiff_header.h"

namespace runstone::media {
namespace {

constexpr std::uint64_t kHeaderBytesMax = 1 << 20;  // a JPEG's size may follow a large thumbnail

Result<void> check_file_type(const std::string& type) {
  for (const char* known : {"png", "jpg", "jpeg", "bmp"}) {
    if (type == known) return {};
  }
  return fail(ErrorCode::kInvalidArgument,
              "file_type must be png, jpg, jpeg or bmp, not '" + type + "'");
}

Result<void> check_masks(const ImageOptions& options) {
  for (const auto& [name, mask] : options.masks) {
    if (!mask.path.empty()) {
      RUNSTONE_TRY(find_source_file(mask.path));
      continue;
    }
    const auto wanted =
        static_cast<std::size_t>(mask.height) * static_cast<std::size_t>(mask.width);
    if (mask.height <= 0 || mask.width <= 0 || mask.class_ids.size() != wanted) {
      return fail(ErrorCode::kInvalidArgument,
                  "mask '" + name + "' needs height x width class ids or the path of a PNG");
    }
  }
  return {};
}

// What the classes of a layer without names are called, in their order.
Dict default_labels(const std::set<std::int64_t>& ids) {
  Dict labels;
  for (const std::int64_t id : ids) {
    const std::string text = std::to_string(id);
    labels.set(text, "class_" + text);
  }
  return labels;
}

}  // namespace

Dict labels_of_boxes(const Value& layer) {
  if (const Value* given = layer.get("class_labels")) return *given->if_dict();
  std::set<std::int64_t> ids;
  for (const Value& box : *layer.get("box_data")->if_list()) {
    ids.insert(box.get("class_id")->int_or(0));
  }
  return default_labels(ids);
}

Dict labels_of_mask(const ImageMask& mask) {
  if (!mask.class_labels.empty()) return mask.class_labels;
  return default_labels({mask.class_ids.begin(), mask.class_ids.end()});
}

namespace {

// Names of classes are in the config, once for a key and layer.
Result<void> declare_labels(Sink& sink, const Place& place, const char* kind,
                            const std::string& layer, const Dict& labels) {
  if (labels.empty()) return {};
  const std::string key = place.key + "_wandb_delimeter_" + layer;
  Dict names;
  names.set("type", kind);
  names.set("key", key);
  names.set("value", labels);
  return sink.set_private_config({kind, key}, Value(std::move(names)));
}

}  // namespace

Result<std::shared_ptr<ImageObject>> ImageObject::of_pixels(Pixels pixels,
                                                            const ImageOptions& options) {
  RUNSTONE_TRY(check_file_type(options.file_type));
  RUNSTONE_TRY(check_boxes(options.boxes));
  RUNSTONE_TRY(check_masks(options));
  auto image = std::make_shared<ImageObject>();
  image->options_ = options;
  image->format_ = options.file_type;
  image->height_ = pixels.height;
  image->width_ = pixels.width;
  image->pixels_ = std::move(pixels);
  return image;
}

namespace {

/// What the file says of itself; a TIFF file says it anywhere.
Result<PictureHeader> read_header(fs::File& file, std::string_view head) {
  const auto at = tiff_directory_offset(head);
  if (!at) return read_picture_header(head);
  std::string directory(kTiffDirectoryBytesMax, '\0');
  RUNSTONE_TRY(const std::size_t size,
               file.read_at(*at, Span<char>(directory.data(), directory.size())));
  return read_tiff_header(head, std::string_view(directory).substr(0, size));
}

}  // namespace

Result<std::shared_ptr<ImageObject>> ImageObject::of_file(const std::string& path,
                                                          const ImageOptions& options) {
  RUNSTONE_TRY(check_boxes(options.boxes));
  RUNSTONE_TRY(check_masks(options));
  if (is_address(path)) {
    auto image = std::make_shared<ImageObject>();
    image->options_ = options;
    image->path_ = path;
    const std::string extension = extension_of(path);
    image->format_ = extension.empty() ? "" : extension.substr(1);
    return image;
  }
  RUNSTONE_TRY(find_source_file(path));
  fs::FileSystem& disk = fs::real_file_system();
  RUNSTONE_TRY(const auto file, disk.open_read(path));
  std::string head(kHeaderBytesMax, '\0');
  RUNSTONE_TRY(const std::size_t size, file->read_at(0, Span<char>(head.data(), head.size())));
  auto header = read_header(*file, std::string_view(head).substr(0, size));
  if (!header) return fail(std::move(header).error().with_context(path));
  auto image = std::make_shared<ImageObject>();
  image->options_ = options;
  image->path_ = path;
  image->format_ = extension_of(path).empty() ? header->format : extension_of(path).substr(1);
  image->height_ = header->height;
  image->width_ = header->width;
  return image;
}

Result<std::string> ImageObject::encoded() const {
  if (format_ == "png") return encode_png(*pixels_);
  if (format_ == "bmp") return encode_bmp(*pixels_);
  return encode_jpeg(*pixels_);
}

Result<StoredFile> ImageObject::store(Sink& sink, const Place& place) {
  const std::string extension = "." + format_;
  if (!pixels_) {
    RUNSTONE_TRY(find_source_file(path_));  // an address has a place in artifacts only
    return sink.store_file("images", extension, place, path_);
  }
  if (pixels_->channels == 4 && format_[0] == 'j') {
    sink.warn("A JPEG has no alpha: that of '" + place.key + "' is left out.");
  }
  RUNSTONE_TRY(const std::string bytes, encoded());
  return sink.store("images", extension, place, bytes);
}

Result<Value> ImageObject::store_boxes(Sink& sink, const Place& place) const {
  Dict stored;
  for (const auto& [name, layer] : options_.boxes) {
    const std::string text = json::to_text(layer);
    RUNSTONE_TRY(const StoredFile file,
                 sink.store("metadata/boxes2D", ".boxes2D.json", place, text));
    stored.set(name, Value(fields_of_file("boxes2D", file)));
    RUNSTONE_TRY(
        declare_labels(sink, place, "bounding_box/class_labels", name, labels_of_boxes(layer)));
  }
  return Value(std::move(stored));
}

Result<Value> ImageObject::store_masks(Sink& sink, const Place& place) const {
  Dict stored;
  for (const auto& [name, mask] : options_.masks) {
    StoredFile file;
    if (mask.path.empty()) {
      RUNSTONE_TRY(const Pixels ids, copy_pixels(mask.class_ids, mask.height, mask.width, 1));
      RUNSTONE_TRY(file, sink.store("images/mask", ".mask.png", place, encode_png(ids)));
    } else {
      RUNSTONE_TRY(file, sink.store_file("images/mask", ".mask.png", place, mask.path));
    }
    stored.set(name, Value(fields_of_file("mask", file)));
    RUNSTONE_TRY(declare_labels(sink, place, "mask/class_labels", name, labels_of_mask(mask)));
  }
  return Value(std::move(stored));
}

Result<Value> ImageObject::encode(Sink& sink, const Place& place) {
  RUNSTONE_TRY(const StoredFile file, store(sink, place));
  Dict fields = fields_of_file(type(), file);
  fields.set("format", format_);
  fields.set("width", width_);
  fields.set("height", height_);
  if (!options_.caption.empty()) fields.set("caption", options_.caption);
  if (options_.grouping) fields.set("grouping", *options_.grouping);
  if (!options_.boxes.empty()) {
    RUNSTONE_TRY(Value boxes, store_boxes(sink, place));
    fields.set("boxes", std::move(boxes));
  }
  if (!options_.masks.empty()) {
    RUNSTONE_TRY(Value masks, store_masks(sink, place));
    fields.set("masks", std::move(masks));
  }
  return Value(std::move(fields));
}

}  // namespace runstone::media
