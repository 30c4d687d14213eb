#include "capi/fields.h"

namespace runstone::capi {
namespace {

template <typename Made>
Result<Media> as_media(Result<Made> made) {
  if (!made) return fail(std::move(made).error());
  return Media(*std::move(made));
}

Failure wrong_channels(int channels) {
  return fail(ErrorCode::kInvalidArgument,
              std::to_string(channels) + " channels: a picture has 1, 3 or 4");
}

Result<Image> image_of(Span<const std::uint8_t> pixels, int height, int width, int channels,
                       const ImageOptions& options) {
  if (channels == 1) return Image::from_gray(pixels, height, width, options);
  if (channels == 3) return Image::from_rgb(pixels, height, width, options);
  if (channels == 4) return Image::from_rgba(pixels, height, width, options);
  return wrong_channels(channels);
}

Result<Media> media_of_file(const std::string& kind, const std::string& path,
                            const std::string& caption) {
  if (kind == "image") {
    ImageOptions options;
    options.caption = caption;
    return as_media(Image::from_file(path, options));
  }
  if (kind == "video") return as_media(Video::from_file(path, caption));
  if (kind == "audio") return as_media(Audio::from_file(path, caption));
  if (kind == "html") return as_media(Html::from_file(path));
  if (kind == "object3d") return as_media(Object3D::from_file(path, caption));
  if (kind == "molecule") return as_media(Molecule::from_file(path, caption));
  return fail(ErrorCode::kInvalidArgument,
              "'" + kind + "' is no kind of media: image video audio html object3d molecule");
}

constexpr int kDefaultBins = 64;
int bins_or_default(int bins) { return bins == 0 ? kDefaultBins : bins; }

}  // namespace
}  // namespace runstone::capi

using namespace runstone;
using namespace runstone::capi;

runstone_status runstone_image(const uint8_t* pixels, size_t size, int height, int width,
                               int channels, const runstone_field* options, size_t count,
                               runstone_media** image) {
  return make<Media>(image, [&]() -> Result<Media> {
    RUNSTONE_TRY(const auto bytes, array(pixels, size, "the array of pixels"));
    ImageOptions wanted;
    OptionReader reader("runstone_image", options, count);
    reader.read("caption", wanted.caption);
    reader.read("grouping", wanted.grouping);
    reader.read("file_type", wanted.file_type);
    reader.read("boxes", wanted.boxes);
    RUNSTONE_TRY(reader.done());
    return as_media(image_of(bytes, height, width, channels, wanted));
  });
}

runstone_status runstone_video(const uint8_t* pixels, size_t size, int frames, int height,
                               int width, int channels, const runstone_field* options, size_t count,
                               runstone_media** video) {
  return make<Media>(video, [&]() -> Result<Media> {
    RUNSTONE_TRY(const auto bytes, array(pixels, size, "the array of pixels"));
    VideoOptions wanted;
    OptionReader reader("runstone_video", options, count);
    reader.read("caption", wanted.caption);
    reader.read("fps", wanted.fps);
    reader.read("format", wanted.format);
    RUNSTONE_TRY(reader.done());
    return as_media(Video::from_frames(bytes, frames, height, width, channels, wanted));
  });
}

runstone_status runstone_audio(const float* samples, size_t size, int sample_rate, int channels,
                               const runstone_field* options, size_t count,
                               runstone_media** audio) {
  return make<Media>(audio, [&]() -> Result<Media> {
    RUNSTONE_TRY(const auto sound, array(samples, size, "the array of samples"));
    std::string caption;
    OptionReader reader("runstone_audio", options, count);
    reader.read("caption", caption);
    RUNSTONE_TRY(reader.done());
    return as_media(Audio::from_samples(sound, sample_rate, channels, caption));
  });
}

runstone_status runstone_histogram(const double* values, size_t count, int bins,
                                   runstone_media** histogram) {
  return make<Media>(histogram, [&]() -> Result<Media> {
    RUNSTONE_TRY(const auto given, array(values, count, "the array of values"));
    return as_media(Histogram::of(given, bins_or_default(bins)));
  });
}

runstone_status runstone_histogram_of_floats(const float* values, size_t count, int bins,
                                             runstone_media** histogram) {
  return make<Media>(histogram, [&]() -> Result<Media> {
    RUNSTONE_TRY(const auto given, array(values, count, "the array of values"));
    return as_media(Histogram::of(given, bins_or_default(bins)));
  });
}

runstone_status runstone_histogram_of_counts(const double* counts, const double* edges, size_t bins,
                                             runstone_media** histogram) {
  return make<Media>(histogram, [&]() -> Result<Media> {
    RUNSTONE_TRY(const auto heights, array(counts, bins, "the array of counts"));
    RUNSTONE_TRY(const auto borders, array(edges, bins + 1, "the array of edges"));
    return as_media(Histogram::from_counts(heights, borders));
  });
}

runstone_status runstone_html(const char* text, size_t size, const runstone_field* options,
                              size_t count, runstone_media** html) {
  return make<Media>(html, [&]() -> Result<Media> {
    RUNSTONE_TRY(const auto page, array(text, size, "the text"));
    bool inject = true;
    OptionReader reader("runstone_html", options, count);
    reader.read("inject", inject);
    RUNSTONE_TRY(reader.done());
    return as_media(Html::from_text(std::string_view(page.data(), page.size()), inject));
  });
}

runstone_status runstone_media_file(const char* kind, const char* path,
                                    const runstone_field* options, size_t count,
                                    runstone_media** media) {
  return make<Media>(media, [&]() -> Result<Media> {
    RUNSTONE_TRY(const auto kind_name, required(kind, "the kind"));
    RUNSTONE_TRY(const auto file, required(path, "the path"));
    std::string caption;
    OptionReader reader("runstone_media_file", options, count);
    reader.read("caption", caption);
    RUNSTONE_TRY(reader.done());
    return media_of_file(kind_name, file, caption);
  });
}

void runstone_media_free(runstone_media* media) { free_handle<Media>(media); }
