#include "scenario_media.h"

#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/try.h"
#include "spec_value.h"

namespace runstone::conformance {
namespace {

std::vector<std::uint8_t> pixels(const Dict& spec, std::size_t count) {
  if (const Value* flat = spec.find("flat")) {
    return std::vector<std::uint8_t>(count, static_cast<std::uint8_t>(flat->int_or(0)));
  }
  const auto seed = static_cast<std::size_t>(int_at(spec, "seed"));
  std::vector<std::uint8_t> bytes(count);
  for (std::size_t i = 0; i < count; ++i) {
    bytes[i] = static_cast<std::uint8_t>((i * 37 + 11 + seed * 101) % 256);
  }
  return bytes;
}

ImageMask mask(const Dict& layer) {
  ImageMask mask;
  mask.height = int_at(layer, "height");
  mask.width = int_at(layer, "width");
  const int classes = int_at(layer, "classes");
  mask.class_ids.resize(static_cast<std::size_t>(mask.height) *
                        static_cast<std::size_t>(mask.width));
  for (std::size_t i = 0; i < mask.class_ids.size(); ++i) {
    mask.class_ids[i] = static_cast<std::uint8_t>(i % static_cast<std::size_t>(classes));
  }
  mask.class_labels = dict_at(layer, "class_labels");
  return mask;
}

Result<Media> image(const Dict& spec) {
  ImageOptions options;
  options.caption = text_at(spec, "caption");
  if (const Value* grouping = spec.find("grouping")) options.grouping = grouping->int_or(0);
  if (spec.contains("file_type")) options.file_type = text_at(spec, "file_type");
  if (const Value* boxes = spec.find("boxes")) options.boxes = *boxes->if_dict();
  if (const Value* masks = spec.find("masks")) {
    for (const auto& [name, layer] : *masks->if_dict()) {
      options.masks.emplace_back(name, mask(*layer.if_dict()));
    }
  }
  if (spec.contains("path")) {
    RUNSTONE_TRY(Media made, Image::from_file(text_at(spec, "path"), options));
    return made;
  }
  const int height = int_at(spec, "height"), width = int_at(spec, "width");
  const int channels = int_at(spec, "channels");
  const auto bytes = pixels(spec, static_cast<std::size_t>(height * width * channels));
  auto* const make = channels == 1   ? &Image::from_gray
                     : channels == 3 ? &Image::from_rgb
                                     : &Image::from_rgba;
  RUNSTONE_TRY(Media made, make(bytes, height, width, options));
  return made;
}

Result<Media> audio(const Dict& spec) {
  const std::string caption = text_at(spec, "caption");
  if (spec.contains("path")) {
    RUNSTONE_TRY(Media made, Audio::from_file(text_at(spec, "path"), caption));
    return made;
  }
  std::vector<double> samples;
  for (int i = 0; i < int_at(spec, "samples"); ++i) samples.push_back((i * 7 % 200 - 100) / 128.0);
  RUNSTONE_TRY(Media made, Audio::from_samples(samples, int_at(spec, "rate"), 1, caption));
  return made;
}

Result<Media> video(const Dict& spec) {
  if (spec.contains("path")) {
    RUNSTONE_TRY(Media made, Video::from_file(text_at(spec, "path"), text_at(spec, "caption")));
    return made;
  }
  const int frames = int_at(spec, "frames"), height = int_at(spec, "height");
  const int width = int_at(spec, "width");
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(frames * height * width) * 3, 0);
  for (std::size_t i = 0; i < bytes.size() / 3; ++i) bytes[i * 3 + i % 3] = 255;
  VideoOptions options;
  options.caption = text_at(spec, "caption");
  options.fps = spec.contains("fps") ? spec.find("fps")->number_or(4) : 4;
  options.format = text_at(spec, "format");
  RUNSTONE_TRY(Media made, Video::from_frames(bytes, frames, height, width, 3, options));
  return made;
}

Result<Media> histogram(const Dict& spec) {
  if (spec.contains("counts")) {
    RUNSTONE_TRY(Media made, Histogram::from_counts(numbers_of(list_at(spec, "counts")),
                                                    numbers_of(list_at(spec, "edges"))));
    return made;
  }
  const int bins = int_at(spec, "num_bins", 64);
  const List& given = list_at(spec, "values");
  if (!given.empty() && given.front().is_int()) {
    RUNSTONE_TRY(Media made, Histogram::of(ints_at(spec, "values"), bins));
    return made;
  }
  std::vector<double> values = numbers_of(given);
  for (std::int64_t i = 0; i < int_at(spec, "ramp"); ++i) {
    values.push_back(static_cast<double>(i * i % 97) / 4.0);
  }
  RUNSTONE_TRY(Media made, Histogram::of(values, bins));
  return made;
}

Result<Media> html(const Dict& spec) {
  const bool inject = bool_at(spec, "inject", true);
  if (spec.contains("path")) {
    RUNSTONE_TRY(Media made, Html::from_file(text_at(spec, "path"), inject));
    return made;
  }
  RUNSTONE_TRY(Media made, Html::from_text(text_at(spec, "text"), inject));
  return made;
}

Result<Media> object3d(const Dict& spec) {
  if (const Value* scene = spec.find("scene")) {
    RUNSTONE_TRY(Media made, Object3D::from_scene(*scene->if_dict()));
    return made;
  }
  if (const Value* points = spec.find("points")) {
    int columns = 0;
    const auto flat = flatten(*points->if_list(), columns);
    RUNSTONE_TRY(Media made, Object3D::from_points(flat, columns));
    return made;
  }
  RUNSTONE_TRY(Media made, Object3D::from_file(text_at(spec, "path"), text_at(spec, "caption")));
  return made;
}

Result<Media> molecule(const Dict& spec) {
  RUNSTONE_TRY(Media made, Molecule::from_file(text_at(spec, "path"), text_at(spec, "caption")));
  return made;
}

Result<Media> plotly(const Dict& spec) {
  RUNSTONE_TRY(Media made, Plotly::from_json(text_at(spec, "json")));
  return made;
}

}  // namespace

Result<Media> make_media(const Dict& spec) {
  const std::string kind = text_at(spec, "$media");
  using Make = Result<Media> (*)(const Dict&);
  static constexpr std::pair<std::string_view, Make> kMakers[] = {
      {"image", &image},         {"audio", &audio},   {"video", &video},
      {"histogram", &histogram}, {"html", &html},     {"object3d", &object3d},
      {"molecule", &molecule},   {"plotly", &plotly},
  };
  for (const auto& [name, make] : kMakers) {
    if (name == kind) return make(spec);
  }
  return fail(ErrorCode::kInvalidArgument, "the scenario has a medium of the kind " + kind);
}

}  // namespace runstone::conformance
