#pragma once

#include <memory>
#include <optional>
#include <string>

#include "media/object.h"
#include "media/pixels.h"
#include "runstone/media.h"

namespace runstone::media {

/// A picture with its layers: pixels that are encoded when it is logged, or a file as it is.
class ImageObject final : public Object {
 public:
  /// Errors: kInvalidArgument, kInvalidType; nothing is encoded yet.
  static Result<std::shared_ptr<ImageObject>> of_pixels(Pixels pixels, const ImageOptions& options);
  static Result<std::shared_ptr<ImageObject>> of_file(const std::string& path,
                                                      const ImageOptions& options);

  Kind kind() const override { return Kind::kImage; }
  std::string_view type() const override { return "image-file"; }
  const ImageOptions& options() const { return options_; }
  Result<std::string> artifact_json(Package& package) override;
  bool same_content(const Object& other) const override;

 protected:
  Result<Value> encode(Sink& sink, const Place& place) override;

 private:
  Result<std::string> encoded() const;  ///< the pixels as a file
  Result<StoredFile> store(Sink& sink, const Place& place);
  Result<PackedFile> pack(Package& package) const;
  Result<void> pack_layers(Package& package, Dict& fields) const;
  Result<Value> store_boxes(Sink& sink, const Place& place) const;
  Result<Value> store_masks(Sink& sink, const Place& place) const;

  ImageOptions options_;
  std::optional<Pixels> pixels_;
  std::string path_;
  std::string format_;
  int height_ = 0, width_ = 0;
};

/// Names of a layer's class ids; of one without names class_<id>.
Dict labels_of_boxes(const Value& layer);
Dict labels_of_mask(const ImageMask& mask);
/// Names of the classes of all layers, and of the image's own: {"0": "road"}.
Dict class_map_of(const ImageOptions& options);

/// Checks the boxes of an image. Errors: kInvalidType, with the place in the dict.
Result<void> check_boxes(const Dict& boxes);

}  // namespace runstone::media
