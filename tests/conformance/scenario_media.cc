#include "scenario_media.h"

#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/try.h"

namespace runstone::conformance {
namespace {

const Value kNull;

const Value& at(const Dict& spec, std::string_view key) {
  const Value* value = spec.find(key);
  return value ? *value : kNull;
}
std::string text_of(const Dict& spec, std::string_view key) {
  return std::string(at(spec, key).string_or(""));
}
int int_of(const Dict& spec, std::string_view key) {
  return static_cast<int>(at(spec, key).int_or(0));
}

std::vector<std::uint8_t> pixels(const Dict& spec, std::size_t count) {
  if (const Value* flat = spec.find("flat")) {
    return std::vector<std::uint8_t>(count, static_cast<std::uint8_t>(flat->int_or(0)));
  }
  const auto seed = static_cast<std::size_t>(int_of(spec, "seed"));
  std::vector<std::uint8_t> bytes(count);
  for (std::size_t i = 0; i < count; ++i) {
    bytes[i] = static_cast<std::uint8_t>((i * 37 + 11 + seed * 101) % 256);
  }
  return bytes;
}

/// Rows of equal length as one array.
std::vector<double> flatten(const Value& rows, int& columns) {
  std::vector<double> flat;
  for (const Value& row : *rows.if_list()) {
    columns = static_cast<int>(row.if_list()->size());
    for (const Value& number : *row.if_list()) flat.push_back(number.number_or(0));
  }
  return flat;
}
std::vector<double> numbers(const Value& list) {
  std::vector<double> flat;
  for (const Value& number : *list.if_list()) flat.push_back(number.number_or(0));
  return flat;
}

ImageMask mask(const Dict& layer) {
  ImageMask mask;
  mask.height = int_of(layer, "height");
  mask.width = int_of(layer, "width");
  const int classes = int_of(layer, "classes");
  mask.class_ids.resize(static_cast<std::size_t>(mask.height) *
                        static_cast<std::size_t>(mask.width));
  for (std::size_t i = 0; i < mask.class_ids.size(); ++i) {
    mask.class_ids[i] = static_cast<std::uint8_t>(i % static_cast<std::size_t>(classes));
  }
  mask.class_labels = *at(layer, "class_labels").if_dict();
  return mask;
}

Result<Media> image(const Dict& spec) {
  ImageOptions options;
  options.caption = text_of(spec, "caption");
  if (const Value* grouping = spec.find("grouping")) options.grouping = grouping->int_or(0);
  if (spec.contains("file_type")) options.file_type = text_of(spec, "file_type");
  if (const Value* boxes = spec.find("boxes")) options.boxes = *boxes->if_dict();
  if (const Value* masks = spec.find("masks")) {
    for (const auto& [name, layer] : *masks->if_dict()) {
      options.masks.emplace_back(name, mask(*layer.if_dict()));
    }
  }
  if (spec.contains("path")) {
    RUNSTONE_TRY(Media made, Image::from_file(text_of(spec, "path"), options));
    return made;
  }
  const int height = int_of(spec, "height"), width = int_of(spec, "width");
  const int channels = int_of(spec, "channels");
  const auto bytes = pixels(spec, static_cast<std::size_t>(height * width * channels));
  auto* const make = channels == 1   ? &Image::from_gray
                     : channels == 3 ? &Image::from_rgb
                                     : &Image::from_rgba;
  RUNSTONE_TRY(Media made, make(bytes, height, width, options));
  return made;
}

Result<Media> audio(const Dict& spec) {
  const std::string caption = text_of(spec, "caption");
  if (spec.contains("path")) {
    RUNSTONE_TRY(Media made, Audio::from_file(text_of(spec, "path"), caption));
    return made;
  }
  std::vector<double> samples;
  for (int i = 0; i < int_of(spec, "samples"); ++i) samples.push_back((i * 7 % 200 - 100) / 128.0);
  RUNSTONE_TRY(Media made, Audio::from_samples(samples, int_of(spec, "rate"), 1, caption));
  return made;
}

Result<Media> video(const Dict& spec) {
  if (spec.contains("path")) {
    RUNSTONE_TRY(Media made, Video::from_file(text_of(spec, "path"), text_of(spec, "caption")));
    return made;
  }
  const int frames = int_of(spec, "frames"), height = int_of(spec, "height");
  const int width = int_of(spec, "width");
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(frames * height * width) * 3, 0);
  for (std::size_t i = 0; i < bytes.size() / 3; ++i) bytes[i * 3 + i % 3] = 255;
  VideoOptions options;
  options.caption = text_of(spec, "caption");
  options.fps = at(spec, "fps").number_or(4);
  options.format = text_of(spec, "format");
  RUNSTONE_TRY(Media made, Video::from_frames(bytes, frames, height, width, 3, options));
  return made;
}

Result<Media> histogram(const Dict& spec) {
  if (spec.contains("counts")) {
    RUNSTONE_TRY(Media made,
                 Histogram::from_counts(numbers(at(spec, "counts")), numbers(at(spec, "edges"))));
    return made;
  }
  const int bins = static_cast<int>(at(spec, "num_bins").int_or(64));
  const Value& given = at(spec, "values");
  const List* list = given.if_list();
  if (list && !list->empty() && list->front().is_int()) {
    std::vector<std::int64_t> values;
    for (const Value& value : *list) values.push_back(value.int_or(0));
    RUNSTONE_TRY(Media made, Histogram::of(values, bins));
    return made;
  }
  std::vector<double> values;
  if (list) values = numbers(given);
  for (std::int64_t i = 0; i < at(spec, "ramp").int_or(0); ++i) {
    values.push_back(static_cast<double>(i * i % 97) / 4.0);
  }
  RUNSTONE_TRY(Media made, Histogram::of(values, bins));
  return made;
}

Result<Media> html(const Dict& spec) {
  const bool inject = at(spec, "inject").bool_or(true);
  if (spec.contains("path")) {
    RUNSTONE_TRY(Media made, Html::from_file(text_of(spec, "path"), inject));
    return made;
  }
  RUNSTONE_TRY(Media made, Html::from_text(text_of(spec, "text"), inject));
  return made;
}

Result<Media> object3d(const Dict& spec) {
  if (const Value* scene = spec.find("scene")) {
    RUNSTONE_TRY(Media made, Object3D::from_scene(*scene->if_dict()));
    return made;
  }
  if (const Value* points = spec.find("points")) {
    int columns = 0;
    const auto flat = flatten(*points, columns);
    RUNSTONE_TRY(Media made, Object3D::from_points(flat, columns));
    return made;
  }
  RUNSTONE_TRY(Media made, Object3D::from_file(text_of(spec, "path"), text_of(spec, "caption")));
  return made;
}

Result<Media> molecule(const Dict& spec) {
  RUNSTONE_TRY(Media made, Molecule::from_file(text_of(spec, "path"), text_of(spec, "caption")));
  return made;
}

Result<Media> plotly(const Dict& spec) {
  RUNSTONE_TRY(Media made, Plotly::from_json(text_of(spec, "json")));
  return made;
}

}  // namespace

Result<Media> make_media(const Dict& spec) {
  const std::string kind = text_of(spec, "$media");
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
