#pragma once

#include <memory>
#include <string>

#include "media/object.h"
#include "runstone/media.h"

namespace runstone::media {

/// Frames of equal size: frames x height x width x 3 bytes.
struct Frames {
  std::string rgb;
  int count = 0, height = 0, width = 0;
  double fps = 4;
};

/// GIF89a, a palette of 256 colors a frame, endless. Errors: kInvalidArgument (too large for GIF).
Result<std::string> encode_gif(const Frames& frames);
/// Writes a video file of the format that `path` ends in, by the program ffmpeg.
/// Errors: kFailedPrecondition if there is none, naming where it was looked for; kIo with what it
/// said.
Result<void> encode_by_ffmpeg(const Frames& frames, const std::string& path);

/// Moving pictures: frames that are encoded when it is logged, a file, or its content.
class VideoObject final : public Object {
 public:
  static Result<std::shared_ptr<VideoObject>> of_frames(Frames frames, const std::string& format,
                                                        std::string caption);
  static Result<std::shared_ptr<VideoObject>> of_file(const std::string& path, std::string caption);
  static Result<std::shared_ptr<VideoObject>> of_bytes(std::string bytes, const std::string& format,
                                                       std::string caption);

  Kind kind() const override { return Kind::kVideo; }
  std::string_view type() const override { return "video-file"; }
  const std::string& caption() const { return caption_; }
  Result<std::string> artifact_json(Package& package) override;
  bool same_content(const Object& other) const override;

 protected:
  Result<Value> encode(Sink& sink, const Place& place) override;

 private:
  Result<StoredFile> store_frames(Sink& sink, const Place& place);

  Frames frames_;
  std::string format_, caption_, path_, bytes_;
};

}  // namespace runstone::media
