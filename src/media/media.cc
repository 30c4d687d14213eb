#include "runstone/media.h"

#include <cmath>

#include "base/json.h"
#include "base/try.h"
#include "fs/file_system.h"
#include "media/audio.h"
#include "media/file_object.h"
#include "media/histogram.h"
#include "media/histogram_object.h"
#include "media/html.h"
#include "media/image.h"
#include "media/source_file.h"
#include "media/video.h"

namespace runstone {

using media::FileObject;

namespace {

constexpr std::string_view kMeshExtensions[] = {".pts.json", ".obj",     ".gltf",
                                                ".glb",      ".babylon", ".stl"};
constexpr std::string_view kMoleculeExtensions[] = {".pdb", ".pqr", ".mmcif", ".mcif", ".cif",
                                                    ".sdf", ".sd",  ".gro",   ".mol2", ".mmtf"};

template <typename M, typename O>
Result<M> wrap(Result<std::shared_ptr<O>> object) {
  if (!object) return fail(std::move(object).error());
  return M(std::shared_ptr<media::Object>(*std::move(object)));
}

Result<Image> image_of(Span<const std::uint8_t> pixels, int height, int width, int channels,
                       const ImageOptions& options) {
  RUNSTONE_TRY(media::Pixels copy, media::copy_pixels(pixels, height, width, channels));
  return wrap<Image>(media::ImageObject::of_pixels(std::move(copy), options));
}

template <typename M>
Result<M> file_of(FileObject::Form form, const std::string& path, const std::string& caption,
                  Span<const std::string_view> extensions) {
  RUNSTONE_TRY(std::string extension, media::known_extension(path, extensions));
  RUNSTONE_TRY(media::find_source_file(path));
  return M(FileObject::of_file(form, std::move(extension), path, caption));
}

template <typename M>
Result<M> content_of(FileObject::Form form, std::string bytes, const std::string& file_type,
                     const std::string& caption, Span<const std::string_view> extensions) {
  RUNSTONE_TRY(std::string extension, media::known_file_type(file_type, extensions));
  return M(FileObject::of_bytes(form, std::move(extension), std::move(bytes), caption));
}

template <typename Sample>
Result<Audio> audio_of(Span<const Sample> samples, int sample_rate, int channels,
                       const std::string& caption) {
  std::vector<std::int16_t> pcm(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if constexpr (std::is_floating_point_v<Sample>) {
      pcm[i] = media::to_pcm16(static_cast<double>(samples[i]));
    } else {
      pcm[i] = samples[i];
    }
  }
  return wrap<Audio>(
      media::AudioObject::of_samples(std::move(pcm), sample_rate, channels, caption));
}

template <typename T>
Result<Histogram> histogram_of(Span<const T> values, int num_bins) {
  if (num_bins > Histogram::kMaxBins) {
    return fail(ErrorCode::kInvalidArgument, "a histogram has at most 512 bins");
  }
  RUNSTONE_TRY(const media::Counts counts,
               media::histogram(values, num_bins, media::NonFinite::kRefuse));
  return Histogram(
      std::make_shared<media::HistogramObject>(List(counts.counts.begin(), counts.counts.end()),
                                               List(counts.edges.begin(), counts.edges.end())));
}

// A whole number is written as one, as counts are.
List as_numbers(Span<const double> values) {
  List list;
  for (const double value : values) {
    const bool is_whole = value >= -9e15 && value <= 9e15 &&
                          value == static_cast<double>(static_cast<std::int64_t>(value));
    list.emplace_back(is_whole ? Value(static_cast<std::int64_t>(value)) : Value(value));
  }
  return list;
}

List point_list(Span<const double> values, int columns) {
  const auto width = static_cast<std::size_t>(columns);
  List points;
  points.reserve(values.size() / width);
  for (std::size_t i = 0; i < values.size(); i += width) {
    points.emplace_back(List(values.begin() + i, values.begin() + i + width));
  }
  return points;
}

Result<void> check_points(Span<const double> values, int columns) {
  if (columns != 3 && columns != 4 && columns != 6) {
    return fail(
        ErrorCode::kInvalidArgument,
        "a point has 3 (x y z), 4 (and a category) or 6 (and red green blue) columns, not " +
            std::to_string(columns));
  }
  if (values.size() % static_cast<std::size_t>(columns) != 0) {
    return fail(ErrorCode::kInvalidArgument, std::to_string(values.size()) +
                                                 " values are no points of " +
                                                 std::to_string(columns) + " columns");
  }
  return {};
}

Value box_value(const Box3D& box) {
  List corners;
  for (const auto& corner : box.corners)
    corners.emplace_back(List{corner[0], corner[1], corner[2]});
  Dict value;
  value.set("corners", std::move(corners));
  value.set("color", List{box.color[0], box.color[1], box.color[2]});
  if (!box.label.empty()) value.set("label", box.label);
  if (box.score) value.set("score", *box.score);
  return Value(std::move(value));
}

}  // namespace

std::string_view Media::type() const { return object_ ? object_->type() : ""; }

Result<Image> Image::from_gray(Span<const std::uint8_t> pixels, int height, int width,
                               const ImageOptions& options) {
  return image_of(pixels, height, width, 1, options);
}
Result<Image> Image::from_rgb(Span<const std::uint8_t> pixels, int height, int width,
                              const ImageOptions& options) {
  return image_of(pixels, height, width, 3, options);
}
Result<Image> Image::from_rgba(Span<const std::uint8_t> pixels, int height, int width,
                               const ImageOptions& options) {
  return image_of(pixels, height, width, 4, options);
}
Result<Image> Image::from_file(const std::string& path, const ImageOptions& options) {
  return wrap<Image>(media::ImageObject::of_file(path, options));
}

Result<Video> Video::from_frames(Span<const std::uint8_t> pixels, int frames, int height, int width,
                                 int channels, const VideoOptions& options) {
  if (frames <= 0 || (channels != 1 && channels != 3 && channels != 4)) {
    return fail(ErrorCode::kInvalidArgument,
                "a video needs at least one frame of 1, 3 or 4 channels, not " +
                    std::to_string(frames) + " of " + std::to_string(channels));
  }
  if (height <= 0 || width <= 0) {
    return fail(ErrorCode::kInvalidArgument, "a video's frames have a height and a width, not " +
                                                 std::to_string(height) + " and " +
                                                 std::to_string(width));
  }
  if (width > (1 << 30) / height / frames) {
    return fail(ErrorCode::kResourceExhausted, "a video of frames holds at most 2^30 pixels");
  }
  RUNSTONE_TRY(const media::Pixels copy,
               media::copy_pixels(pixels, height * frames, width, channels));
  media::Frames rgb;
  rgb.count = frames;
  rgb.height = height;
  rgb.width = width;
  rgb.fps = options.fps;
  const std::size_t count = copy.bytes.size() / static_cast<std::size_t>(channels);
  rgb.rgb.resize(3 * count);
  const auto step = static_cast<std::size_t>(channels);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t c = 0; c < 3; ++c)
      rgb.rgb[3 * i + c] = copy.bytes[step * i + (channels == 1 ? 0 : c)];
  }
  return wrap<Video>(
      media::VideoObject::of_frames(std::move(rgb), options.format, options.caption));
}
Result<Video> Video::from_file(const std::string& path, const std::string& caption) {
  return wrap<Video>(media::VideoObject::of_file(path, caption));
}
Result<Video> Video::from_bytes(std::string bytes, const std::string& format,
                                const std::string& caption) {
  return wrap<Video>(media::VideoObject::of_bytes(std::move(bytes), format, caption));
}

Result<Audio> Audio::from_samples(Span<const float> samples, int sample_rate, int channels,
                                  const std::string& caption) {
  return audio_of(samples, sample_rate, channels, caption);
}
Result<Audio> Audio::from_samples(Span<const double> samples, int sample_rate, int channels,
                                  const std::string& caption) {
  return audio_of(samples, sample_rate, channels, caption);
}
Result<Audio> Audio::from_samples(Span<const std::int16_t> samples, int sample_rate, int channels,
                                  const std::string& caption) {
  return audio_of(samples, sample_rate, channels, caption);
}
Result<Audio> Audio::from_file(const std::string& path, const std::string& caption) {
  return wrap<Audio>(media::AudioObject::of_file(path, caption));
}

Result<Histogram> Histogram::of(Span<const float> values, int num_bins) {
  return histogram_of(values, num_bins);
}
Result<Histogram> Histogram::of(Span<const double> values, int num_bins) {
  return histogram_of(values, num_bins);
}
Result<Histogram> Histogram::of(Span<const std::int64_t> values, int num_bins) {
  return histogram_of(values, num_bins);
}
Result<Histogram> Histogram::from_counts(Span<const double> counts, Span<const double> edges) {
  if (edges.size() != counts.size() + 1) {
    return fail(ErrorCode::kInvalidArgument,
                "a histogram has one edge more than counts: " + std::to_string(counts.size()) +
                    " counts need " + std::to_string(counts.size() + 1) + " edges, not " +
                    std::to_string(edges.size()));
  }
  if (counts.size() > kMaxBins) {
    return fail(ErrorCode::kInvalidArgument, "a histogram has at most 512 bins");
  }
  return Histogram(std::make_shared<media::HistogramObject>(as_numbers(counts),
                                                            List(edges.begin(), edges.end())));
}

Result<Html> Html::from_text(std::string_view text, bool inject) {
  return Html(FileObject::of_bytes(FileObject::kHtml, ".html",
                                   inject ? media::with_injected_head(text) : std::string(text),
                                   ""));
}
Result<Html> Html::from_file(const std::string& path, bool inject) {
  RUNSTONE_TRY(media::find_source_file(path));
  if (!inject) return Html(FileObject::of_file(FileObject::kHtml, ".html", path, ""));
  RUNSTONE_TRY(const std::string text, fs::read_file(fs::real_file_system(), path));
  return from_text(text, true);
}

Box3D Box3D::around(const double (&center)[3], const double (&size)[3],
                    const double (&orientation)[4], const int (&color)[3], std::string label,
                    std::optional<double> score) {
  const double length =
      std::sqrt(orientation[0] * orientation[0] + orientation[1] * orientation[1] +
                orientation[2] * orientation[2] + orientation[3] * orientation[3]);
  // Zeros name no direction: nothing is turned.
  const double scale = length > 0 ? 1 / length : 0, w = length > 0 ? orientation[0] * scale : 1;
  const double x = orientation[1] * scale, y = orientation[2] * scale, z = orientation[3] * scale;
  const double turn[3][3] = {{1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)},
                             {2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)},
                             {2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)}};
  Box3D box;
  for (int i = 0; i < 8; ++i) {
    const double corner[3] = {(i & 4) != 0 ? size[0] / 2 : -size[0] / 2,
                              (i & 2) != 0 ? size[1] / 2 : -size[1] / 2,
                              (i & 1) != 0 ? size[2] / 2 : -size[2] / 2};
    for (int row = 0; row < 3; ++row) {
      box.corners[i][row] = center[row] + turn[row][0] * corner[0] + turn[row][1] * corner[1] +
                            turn[row][2] * corner[2];
    }
  }
  for (int i = 0; i < 3; ++i) box.color[i] = color[i];
  box.label = std::move(label);
  box.score = score;
  return box;
}

Result<Object3D> Object3D::from_points(Span<const double> values, int columns,
                                       const std::string& caption) {
  RUNSTONE_TRY(check_points(values, columns));
  return Object3D(FileObject::of_bytes(FileObject::kObject3D, ".pts.json",
                                       json::to_text(Value(point_list(values, columns))), caption));
}
Result<Object3D> Object3D::from_scene(const Dict& scene, const std::string& caption) {
  const Value* type = scene.find("type");
  if (type == nullptr || type->string_or("") != "lidar/beta") {
    return fail(ErrorCode::kInvalidArgument, "a scene must have \"type\": \"lidar/beta\"");
  }
  return Object3D(FileObject::of_bytes(FileObject::kObject3D, ".pts.json",
                                       json::to_text(Value(scene)), caption));
}
Result<Object3D> Object3D::from_point_cloud(Span<const double> values, int columns,
                                            Span<const Box3D> boxes, const std::string& caption) {
  RUNSTONE_TRY(check_points(values, columns));
  List box_values;
  for (const Box3D& box : boxes) box_values.push_back(box_value(box));
  Dict scene;
  scene.set("type", "lidar/beta");
  scene.set("points", point_list(values, columns));
  scene.set("boxes", std::move(box_values));
  scene.set("vectors", List());
  return from_scene(scene, caption);
}
Result<Object3D> Object3D::from_file(const std::string& path, const std::string& caption) {
  return file_of<Object3D>(FileObject::kObject3D, path, caption, kMeshExtensions);
}
Result<Object3D> Object3D::from_bytes(std::string bytes, const std::string& file_type,
                                      const std::string& caption) {
  return content_of<Object3D>(FileObject::kObject3D, std::move(bytes), file_type, caption,
                              kMeshExtensions);
}

Result<Molecule> Molecule::from_file(const std::string& path, const std::string& caption) {
  return file_of<Molecule>(FileObject::kMolecule, path, caption, kMoleculeExtensions);
}
Result<Molecule> Molecule::from_bytes(std::string bytes, const std::string& file_type,
                                      const std::string& caption) {
  return content_of<Molecule>(FileObject::kMolecule, std::move(bytes), file_type, caption,
                              kMoleculeExtensions);
}

Result<Plotly> Plotly::from_json(std::string text) {
  if (auto parsed = json::parse(text); !parsed || !parsed->is_dict()) {
    return fail(ErrorCode::kInvalidArgument, "a figure of Plotly is a JSON object");
  }
  return Plotly(FileObject::of_bytes(FileObject::kPlotly, ".plotly.json", std::move(text), ""));
}

Result<Graph> Graph::from_json(std::string text) {
  const auto parsed = json::parse(text);
  const auto is_list = [&](const char* name) {
    const Value* field = parsed->get(name);
    return field != nullptr && field->is_list();
  };
  if (!parsed || !parsed->is_dict() || !is_list("nodes") || !is_list("edges")) {
    return fail(ErrorCode::kInvalidArgument,
                "a graph is a JSON object with the lists nodes and edges");
  }
  return Graph(FileObject::of_bytes(FileObject::kGraph, ".graph.json", std::move(text), ""));
}

}  // namespace runstone
