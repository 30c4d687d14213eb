// Media from what Python objects lend: buffers, text, dicts. The classes that users see are in
// python/runstone/media/ and hold one of these.
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "bind.h"
#include "errors.h"
#include "media/histogram.h"
#include "media/histogram_object.h"
#include "media_list.h"
#include "runstone/media.h"
#include "runstone/run.h"
#include "to_python.h"
#include "to_value.h"

namespace runstone::python {
namespace nb = nanobind;
using namespace nb::literals;
namespace {

template <typename T>
using Array = nb::ndarray<const T, nb::c_contig, nb::device::cpu>;

template <typename T>
Span<const T> elements(const Array<T>& array) {
  return {array.data(), array.size()};
}

std::string text_of(nb::handle value) {
  return value.is_none() ? std::string() : std::string(utf8_of(value));
}

/// FileNotFoundError and PermissionError for a file that is not there or not to be read, else as
/// everywhere.
template <typename M>
Media made(Result<M> result) {
  const bool missing = !result && result.error().code == ErrorCode::kNotFound;
  if (missing || (!result && result.error().code == ErrorCode::kPermissionDenied)) {
    PyErr_SetString(missing ? PyExc_FileNotFoundError : PyExc_PermissionError,
                    result.error().message.c_str());
    throw nb::python_error();
  }
  return static_cast<Media>(value_or_throw(std::move(result)));
}

/// `options`: caption, grouping, file_type, boxes, masks (of name to {"class_ids", "path",
/// "class_labels"}).
ImageOptions image_options(const nb::dict& options) {
  ImageOptions image;
  const auto get = [&](const char* name) {
    return nb::borrow(PyDict_GetItemString(options.ptr(), name));
  };
  image.caption = text_of(get("caption"));
  if (const nb::object grouping = get("grouping"); !grouping.is_none()) {
    image.grouping = nb::cast<std::int64_t>(grouping);
  }
  image.file_type = text_of(get("file_type"));
  image.boxes = to_dict(get("boxes"), kPlainConversion);
  image.classes = to_dict(get("classes"), kPlainConversion);
  for (const auto& [name, given] : nb::cast<nb::dict>(get("masks"))) {
    const auto layer = nb::cast<nb::dict>(given);
    ImageMask mask;
    mask.path = text_of(layer["path"]);
    mask.class_labels = to_dict(layer["class_labels"], kPlainConversion);
    if (const nb::object ids = layer["class_ids"]; !ids.is_none()) {
      const auto array = nb::cast<Array<std::uint8_t>>(ids);
      mask.height = static_cast<std::int32_t>(array.shape(0));
      mask.width = static_cast<std::int32_t>(array.shape(1));
      mask.class_ids.assign(array.data(), array.data() + array.size());
    }
    image.masks.emplace_back(std::string(utf8_of(name)), std::move(mask));
  }
  return image;
}

Media image_from_pixels(const Array<std::uint8_t>& pixels, int height, int width, int channels,
                        const nb::dict& options) {
  const ImageOptions image = image_options(options);
  const auto bytes = elements(pixels);
  return made(channels == 1   ? Image::from_gray(bytes, height, width, image)
              : channels == 3 ? Image::from_rgb(bytes, height, width, image)
                              : Image::from_rgba(bytes, height, width, image));
}

Media video_from_frames(const Array<std::uint8_t>& pixels, int frames, int height, int width,
                        int channels, double fps, const std::string& format, nb::handle caption) {
  VideoOptions options;
  options.fps = fps;
  options.format = format;
  options.caption = text_of(caption);
  return made(Video::from_frames(elements(pixels), frames, height, width, channels, options));
}

template <typename T>
Media audio_from_samples(const Array<T>& samples, int sample_rate, int channels,
                         nb::handle caption) {
  return made(Audio::from_samples(elements(samples), sample_rate, channels, text_of(caption)));
}

template <typename T>
Media histogram_of(const Array<T>& values, int num_bins) {
  return made([&] {
    const nb::gil_scoped_release counting;
    return Histogram::of(elements(values), num_bins);
  }());
}

/// (counts, edges) of the finite values, or None if there is none.
template <typename T>
nb::object finite_histogram(const Array<T>& values, int num_bins) {
  const media::Counts counts = value_or_throw([&] {
    const nb::gil_scoped_release counting;
    return media::histogram(elements(values), num_bins, media::NonFinite::kLeaveOut);
  }());
  if (counts.counts.empty()) return nb::none();
  nb::list numbers, edges;
  for (const auto count : counts.counts) numbers.append(count);
  for (const auto edge : counts.edges) edges.append(edge);
  return nb::make_tuple(numbers, edges);
}

/// The lists (counts, edges) of a histogram.
nb::object histogram_parts(const Media& self) {
  const auto* histogram = dynamic_cast<const media::HistogramObject*>(self.object().get());
  if (histogram == nullptr) return nb::none();
  return nb::make_tuple(to_python(Value(histogram->counts())),
                        to_python(Value(histogram->edges())));
}

/// The corners of box3d(): 8 lists of x, y, z.
nb::list box_corners(const std::vector<double>& center, const std::vector<double>& size,
                     const std::vector<double>& orientation) {
  const double c[3] = {center.at(0), center.at(1), center.at(2)};
  const double s[3] = {size.at(0), size.at(1), size.at(2)};
  const double o[4] = {orientation.at(0), orientation.at(1), orientation.at(2), orientation.at(3)};
  nb::list corners;
  for (const auto& corner : Box3D::around(c, s, o, {0, 0, 0}).corners) {
    nb::list point;
    for (const double x : corner) point.append(x);
    corners.append(point);
  }
  return corners;
}

std::string bytes_of(const nb::bytes& bytes) { return {bytes.c_str(), bytes.size()}; }

template <typename T>
void def_arrays(nb::class_<Media>& media) {
  media.def_static("histogram", histogram_of<T>, "values"_a, "num_bins"_a)
      .def_static("finite_histogram", finite_histogram<T>, "values"_a, "num_bins"_a);
}

}  // namespace

const Media* if_media(nb::handle object) {
  const Media* media = nullptr;
  return nb::try_cast<const Media*>(object, media) ? media : nullptr;
}

void bind_media(nb::module_& module) {
  nb::class_<Media> media(module, "Media");
  media.def_prop_ro("type", [](const Media& self) { return std::string(self.type()); })
      .def("_media", [](nb::object self) { return self; })  // as the classes that users see
      .def("histogram_parts", histogram_parts)
      .def_static("image", image_from_pixels)
      .def_static("image_file",
                  [](const std::string& path, const nb::dict& options) {
                    return made(Image::from_file(path, image_options(options)));
                  })
      .def_static("video", video_from_frames, "pixels"_a, "frames"_a, "height"_a, "width"_a,
                  "channels"_a, "fps"_a, "format"_a, "caption"_a.none())
      .def_static(
          "video_file",
          [](const std::string& path, nb::object caption) {
            return made(Video::from_file(path, text_of(caption)));
          },
          "path"_a, "caption"_a.none())
      .def_static(
          "video_bytes",
          [](const nb::bytes& bytes, const std::string& format, nb::object caption) {
            return made(Video::from_bytes(bytes_of(bytes), format, text_of(caption)));
          },
          "content"_a, "format"_a, "caption"_a.none())
      .def_static("audio", audio_from_samples<double>, "samples"_a, "sample_rate"_a, "channels"_a,
                  "caption"_a.none())
      .def_static("audio", audio_from_samples<float>, "samples"_a, "sample_rate"_a, "channels"_a,
                  "caption"_a.none())
      .def_static("audio", audio_from_samples<std::int16_t>, "samples"_a, "sample_rate"_a,
                  "channels"_a, "caption"_a.none())
      .def_static(
          "audio_file",
          [](const std::string& path, nb::object caption) {
            return made(Audio::from_file(path, text_of(caption)));
          },
          "path"_a, "caption"_a.none())
      .def_static("histogram_of_counts",
                  [](const Array<double>& counts, const Array<double>& edges) {
                    return made(Histogram::from_counts(elements(counts), elements(edges)));
                  })
      .def_static("html", [](const std::string& text,
                             bool inject) { return made(Html::from_text(text, inject)); })
      .def_static("html_file", [](const std::string& path,
                                  bool inject) { return made(Html::from_file(path, inject)); })
      .def_static(
          "points",
          [](const Array<double>& values, int columns, nb::object caption) {
            return made(Object3D::from_points(elements(values), columns, text_of(caption)));
          },
          "values"_a, "columns"_a, "caption"_a.none())
      .def_static(
          "scene",
          [](nb::handle scene, nb::object caption) {
            return made(Object3D::from_scene(to_dict(scene, kPlainConversion), text_of(caption)));
          },
          "scene"_a, "caption"_a.none())
      .def_static(
          "object3d_file",
          [](const std::string& path, nb::object caption) {
            return made(Object3D::from_file(path, text_of(caption)));
          },
          "path"_a, "caption"_a.none())
      .def_static(
          "object3d_bytes",
          [](const nb::bytes& bytes, const std::string& type, nb::object caption) {
            return made(Object3D::from_bytes(bytes_of(bytes), type, text_of(caption)));
          },
          "content"_a, "file_type"_a, "caption"_a.none())
      .def_static(
          "molecule_file",
          [](const std::string& path, nb::object caption) {
            return made(Molecule::from_file(path, text_of(caption)));
          },
          "path"_a, "caption"_a.none())
      .def_static(
          "molecule_bytes",
          [](const nb::bytes& bytes, const std::string& type, nb::object caption) {
            return made(Molecule::from_bytes(bytes_of(bytes), type, text_of(caption)));
          },
          "content"_a, "file_type"_a, "caption"_a.none())
      .def_static("plotly", [](const std::string& text) { return made(Plotly::from_json(text)); })
      .def_static("graph", [](const std::string& text) { return made(Graph::from_json(text)); });
  module.def("box_corners", box_corners);
  def_arrays<double>(media);
  def_arrays<float>(media);
  def_arrays<std::int64_t>(media);
}

}  // namespace runstone::python
