#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runstone/result.h"
#include "runstone/span.h"
#include "runstone/value.h"

namespace runstone {

namespace media {
class Object;
}

/// Something to look at or listen to, as a value of a row: `run.log({{"sample", image}})`. A cheap
/// handle: copies share one content, which is encoded when it is first logged, on the thread that
/// logs. Logged again in the same run it is the same file.
///
/// Everything that makes one copies what it is given, so the caller's memory is free at once, and
/// gives a Result. A row takes that Result as it is: an error in it becomes log()'s own, and
/// nothing of the row is stored.
///
///   run.log({{"loss", 0.5}, {"sample", runstone::Image::from_rgb(pixels, height, width)}});
class Media {
 public:
  Media() = default;
  /// For the library: what the handle holds.
  explicit Media(std::shared_ptr<media::Object> object) : object_(std::move(object)) {}

  /// Whether it holds something; logging an empty one is kInvalidArgument.
  explicit operator bool() const { return object_ != nullptr; }
  /// The `_type` of its stored form: "image-file", "histogram".
  std::string_view type() const;
  const std::shared_ptr<media::Object>& object() const { return object_; }

 private:
  std::shared_ptr<media::Object> object_;
};

/// Which pixels belong to which class, as a second layer over an Image.
struct ImageMask {
  std::vector<std::uint8_t> class_ids;  ///< height x width, row by row; or empty and:
  std::int32_t height = 0, width = 0;
  std::string path;   ///< of a PNG whose pixels are class ids
  Dict class_labels;  ///< {"0": "road"}
};

struct ImageOptions {
  std::string caption;
  std::optional<std::int64_t> grouping;
  std::string file_type = "png";  ///< png, jpg, jpeg, bmp; pixels only
  /// Layers by name: `{"predictions", {{"box_data", List{...}}, {"class_labels", {...}}}}`. A box
  /// has `position` (minX maxX minY maxY, or middle, width and height; fractions of the image, or
  /// pixels with `"domain": "pixel"`), `class_id`, and may have `box_caption` and `scores`.
  Dict boxes;
  std::vector<std::pair<std::string, ImageMask>> masks;
  Dict classes;  ///< names of class ids for artifacts: {"0": "road"}; layers may have their own
};

/// A picture. Errors: kInvalidArgument (sizes that do not fit, a wrong file type, no picture in the
/// file), kInvalidType (boxes of another form), kNotFound (no such file).
class Image : public Media {
 public:
  using Media::Media;
  /// height x width bytes, row by row, 0 black to 255 white.
  static Result<Image> from_gray(Span<const std::uint8_t> pixels, int height, int width,
                                 const ImageOptions& options = {});
  /// height x width x 3.
  static Result<Image> from_rgb(Span<const std::uint8_t> pixels, int height, int width,
                                const ImageOptions& options = {});
  /// height x width x 4; a JPEG of it has no alpha.
  static Result<Image> from_rgba(Span<const std::uint8_t> pixels, int height, int width,
                                 const ImageOptions& options = {});
  /// A PNG, JPEG, GIF, BMP, TIFF or WebP file, kept as it is. http, https, s3 and gs addresses are
  /// only for artifacts: a run does not fetch them (kInvalidArgument when it is logged).
  static Result<Image> from_file(const std::string& path, const ImageOptions& options = {});
};

struct VideoOptions {
  std::string caption;
  double fps = 4;              ///< of frames that are encoded; a file keeps its own
  std::string format = "gif";  ///< gif; mp4, webm, ogg by the program ffmpeg
};

/// Moving pictures. Errors: kInvalidArgument, kNotFound; when it is logged, kFailedPrecondition if
/// a format needs the program `ffmpeg` and there is none (RUNSTONE_FFMPEG names one elsewhere).
class Video : public Media {
 public:
  using Media::Media;
  /// frames x height x width x channels bytes (1 gray, 3 RGB, 4 RGBA whose alpha is left out).
  static Result<Video> from_frames(Span<const std::uint8_t> pixels, int frames, int height,
                                   int width, int channels, const VideoOptions& options = {});
  /// .gif, .mp4, .webm or .ogg.
  static Result<Video> from_file(const std::string& path, const std::string& caption = "");
  /// The content of such a file.
  static Result<Video> from_bytes(std::string bytes, const std::string& format,
                                  const std::string& caption = "");
};

/// Sound. Errors: kInvalidArgument, kNotFound.
class Audio : public Media {
 public:
  using Media::Media;
  /// Samples of -1 to 1 (what is beyond is cut), channels beside each other; stored as 16-bit WAV.
  /// `sample_rate` in Hz.
  static Result<Audio> from_samples(Span<const float> samples, int sample_rate, int channels = 1,
                                    const std::string& caption = "");
  static Result<Audio> from_samples(Span<const double> samples, int sample_rate, int channels = 1,
                                    const std::string& caption = "");
  static Result<Audio> from_samples(Span<const std::int16_t> samples, int sample_rate,
                                    int channels = 1, const std::string& caption = "");
  static Result<Audio> from_file(const std::string& path, const std::string& caption = "");
};

/// How values are distributed over bins of equal width between the lowest and the highest (by the
/// rules of numpy.histogram). Errors: kInvalidArgument (NaN, infinities, more than 512 bins, edges
/// that are not one more than counts).
class Histogram : public Media {
 public:
  static constexpr int kMaxBins = 512;
  using Media::Media;
  static Result<Histogram> of(Span<const float> values, int num_bins = 64);
  static Result<Histogram> of(Span<const double> values, int num_bins = 64);
  static Result<Histogram> of(Span<const std::int64_t> values, int num_bins = 64);
  static Result<Histogram> from_counts(Span<const double> counts, Span<const double> edges);
};

/// A page of HTML, shown in a frame of its own. Errors: kInvalidArgument, kNotFound.
class Html : public Media {
 public:
  using Media::Media;
  /// `inject` adds a base target and a plain style sheet to the page's head.
  static Result<Html> from_text(std::string_view text, bool inject = true);
  static Result<Html> from_file(const std::string& path, bool inject = true);
};

/// One box of a point cloud scene: its eight corners.
struct Box3D {
  double corners[8][3] = {};
  int color[3] = {255, 255, 255};
  std::string label;
  std::optional<double> score;

  /// The box around `center` of the edge lengths `size`, turned by the quaternion `orientation`
  /// (w, x, y, z); of zeros: not turned.
  static Box3D around(const double (&center)[3], const double (&size)[3],
                      const double (&orientation)[4], const int (&color)[3], std::string label = "",
                      std::optional<double> score = std::nullopt);
};

/// Points or a mesh. Errors: kInvalidArgument, kNotFound.
class Object3D : public Media {
 public:
  using Media::Media;
  /// points x columns: x y z; x y z category (4); x y z red green blue (6).
  static Result<Object3D> from_points(Span<const double> values, int columns,
                                      const std::string& caption = "");
  /// Points with boxes and vectors: the form {"type": "lidar/beta", "points", "boxes", "vectors"}.
  static Result<Object3D> from_scene(const Dict& scene, const std::string& caption = "");
  static Result<Object3D> from_point_cloud(Span<const double> values, int columns,
                                           Span<const Box3D> boxes,
                                           const std::string& caption = "");
  /// .obj .gltf .glb .babylon .stl .pts.json
  static Result<Object3D> from_file(const std::string& path, const std::string& caption = "");
  static Result<Object3D> from_bytes(std::string bytes, const std::string& file_type,
                                     const std::string& caption = "");
};

/// A molecule. Errors: kInvalidArgument, kNotFound.
class Molecule : public Media {
 public:
  using Media::Media;
  /// .pdb .pqr .mmcif .mcif .cif .sdf .sd .gro .mol2 .mmtf
  static Result<Molecule> from_file(const std::string& path, const std::string& caption = "");
  static Result<Molecule> from_bytes(std::string bytes, const std::string& file_type,
                                     const std::string& caption = "");
};

/// A figure of Plotly, as the JSON text that the library writes.
class Plotly : public Media {
 public:
  using Media::Media;
  static Result<Plotly> from_json(std::string json);
};

/// A model's layers and how they are joined, as JSON: {"format": "torch", "nodes": [{"id", "name",
/// "class_name", "parameters", "output_shape", "num_parameters"}], "edges": [[id, id]]}.
/// Errors: kInvalidArgument (another form).
class Graph : public Media {
 public:
  using Media::Media;
  static Result<Graph> from_json(std::string json);
};

}  // namespace runstone
