#include "media/video.h"

#include <filesystem>

#include "base/random_id.h"
#include "base/try.h"
#include "fs/file_system.h"
#include "media/json_fields.h"
#include "media/source_file.h"

namespace runstone::media {
namespace {

constexpr std::string_view kExtensions[] = {".gif", ".mp4", ".webm", ".ogg"};

Result<void> check_format(const std::string& format) {
  for (const std::string_view extension : kExtensions) {
    if (extension.substr(1) == format) return {};
  }
  return fail(ErrorCode::kInvalidArgument,
              "a video's format must be gif, mp4, webm or ogg, not '" + format + "'");
}

// Goes with what is in it, whatever happens.
struct TemporaryFolder {
  std::filesystem::path path;
  TemporaryFolder() {
    std::error_code error;
    path = std::filesystem::temp_directory_path(error) / ("runstone-video-" + random_id(12));
    std::filesystem::create_directory(path, error);
  }
  ~TemporaryFolder() {
    std::error_code error;
    std::filesystem::remove_all(path, error);
  }
};

}  // namespace

Result<std::shared_ptr<VideoObject>> VideoObject::of_frames(Frames frames,
                                                            const std::string& format,
                                                            std::string caption) {
  RUNSTONE_TRY(check_format(format));
  if (!(frames.fps > 0 && frames.fps <= 1000)) {
    return fail(ErrorCode::kInvalidArgument, "fps must be above 0 and at most 1000");
  }
  auto video = std::make_shared<VideoObject>();
  video->frames_ = std::move(frames);
  video->format_ = format;
  video->caption_ = std::move(caption);
  return video;
}

Result<std::shared_ptr<VideoObject>> VideoObject::of_file(const std::string& path,
                                                          std::string caption) {
  RUNSTONE_TRY(const std::string extension, known_extension(path, kExtensions));
  RUNSTONE_TRY(find_source_file(path));
  auto video = std::make_shared<VideoObject>();
  video->format_ = extension.substr(1);
  video->path_ = path;
  video->caption_ = std::move(caption);
  return video;
}

Result<std::shared_ptr<VideoObject>> VideoObject::of_bytes(std::string bytes,
                                                           const std::string& format,
                                                           std::string caption) {
  RUNSTONE_TRY(check_format(format));
  auto video = std::make_shared<VideoObject>();
  video->format_ = format;
  video->bytes_ = std::move(bytes);
  video->caption_ = std::move(caption);
  return video;
}

Result<StoredFile> VideoObject::store_frames(Sink& sink, const Place& place) {
  if (format_ == "gif") {
    RUNSTONE_TRY(const std::string gif, encode_gif(frames_));
    return sink.store("videos", ".gif", place, gif);
  }
  const TemporaryFolder folder;
  const std::string path = (folder.path / ("video." + format_)).string();
  RUNSTONE_TRY(encode_by_ffmpeg(frames_, path));
  return sink.store_file("videos", "." + format_, place, path);
}

Result<Value> VideoObject::encode(Sink& sink, const Place& place) {
  StoredFile file;
  if (frames_.count > 0) {
    RUNSTONE_TRY(file, store_frames(sink, place));
  } else if (path_.empty()) {
    RUNSTONE_TRY(file, sink.store("videos", "." + format_, place, bytes_));
  } else {
    RUNSTONE_TRY(file, sink.store_file("videos", "." + format_, place, path_));
  }
  Dict fields = fields_of_file(type(), file);
  if (frames_.count > 0) {
    fields.set("width", frames_.width);
    fields.set("height", frames_.height);
  }
  if (!caption_.empty()) fields.set("caption", caption_);
  return Value(std::move(fields));
}

Result<std::string> VideoObject::artifact_json(Package& package) {
  const std::string extension = "." + format_;
  PackedFile file;
  if (!path_.empty()) {
    RUNSTONE_TRY(file, pack_file(package, "videos", path_));
  } else if (frames_.count == 0) {
    RUNSTONE_TRY(file, pack_generated(package, "videos", extension, bytes_));
  } else if (format_ == "gif") {
    RUNSTONE_TRY(const std::string gif, encode_gif(frames_));
    RUNSTONE_TRY(file, pack_generated(package, "videos", extension, gif));
  } else {
    const TemporaryFolder folder;
    const std::string path = (folder.path / ("video" + extension)).string();
    RUNSTONE_TRY(encode_by_ffmpeg(frames_, path));
    RUNSTONE_TRY(const std::string bytes, fs::read_file(fs::real_file_system(), path));
    RUNSTONE_TRY(file, pack_generated(package, "videos", extension, bytes));
  }
  Dict fields = caption_field(caption_);
  if (frames_.count > 0) {
    fields.set("width", frames_.width);
    fields.set("height", frames_.height);
  }
  return artifact_text_of(type(), file, std::move(fields));
}

bool VideoObject::same_content(const Object& other) const {
  if (other.kind() != kind()) return false;
  const auto& video = static_cast<const VideoObject&>(other);
  return format_ == video.format_ && caption_ == video.caption_ && path_ == video.path_ &&
         bytes_ == video.bytes_ && frames_.rgb == video.frames_.rgb &&
         frames_.count == video.frames_.count && frames_.height == video.frames_.height;
}

}  // namespace runstone::media
