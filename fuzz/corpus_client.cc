// What a training side reads and is given: event files, pictures, calls from C.

#include <cstring>
#include <string>
#include <string_view>

#include <protozero/pbf_writer.hpp>

#include "base/assert.h"
#include "corpus.h"
#include "media/pixels.h"
#include "media/video.h"
#include "runstone.h"

using namespace runstone;

namespace {

template <typename Fill>
std::string event(const Fill& fill) {
  std::string bytes;
  protozero::pbf_writer whole(bytes);
  whole.add_double(1, 1'795'440'000.5);
  whole.add_int64(2, 7);
  protozero::pbf_writer summary(whole, 5);
  protozero::pbf_writer value(summary, 1);
  value.add_string(1, "loss");
  fill(value);
  return bytes;
}

void add_plugin(protozero::pbf_writer& value, const char* name) {
  protozero::pbf_writer metadata(value, 9);
  protozero::pbf_writer plugin(metadata, 1);
  plugin.add_string(1, name);
}

/// One field as fuzz_c_api reads it; `kind` is one more than a runstone_kind.
std::string field(int kind, std::string_view key, std::string_view value) {
  std::string bytes = {static_cast<char>(kind + 1), 0, static_cast<char>(key.size()),
                       static_cast<char>(value.size())};
  return bytes.append(key).append(value);
}
template <typename T>
std::string number_field(int kind, std::string_view key, T number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  return field(kind, key, {bytes, sizeof bytes});
}

}  // namespace

void write_events(const std::filesystem::path& folder) {
  write_file(folder / "scalar", event([](auto& value) { value.add_float(2, 0.5F); }));
  write_file(folder / "histogram", event([](auto& value) {
               protozero::pbf_writer histogram(value, 5);
               histogram.add_double(1, -1.0);
               histogram.add_double(2, 7.0);
               const double limits[] = {0.0, 5.0, 1.7976931348623157e308}, counts[] = {1, 2, 3};
               histogram.add_packed_double(6, std::begin(limits), std::end(limits));
               histogram.add_packed_double(7, std::begin(counts), std::end(counts));
             }));
  write_file(folder / "image", event([](auto& value) {
               protozero::pbf_writer image(value, 4);
               image.add_int32(1, 4);
               image.add_bytes(4, "PNG");
             }));
  for (const auto& [plugin, type, bytes] : {std::tuple{"scalars", 1, 4},
                                            {"scalars", 19, 2},
                                            {"scalars", 9, 8},
                                            {"histograms", 2, 48}}) {
    const std::string content(static_cast<std::size_t>(bytes), '\x3c');
    write_file(folder / (std::string("tensor_") + plugin + std::to_string(type)),
               event([&, name = plugin, type = type](auto& value) {
                 add_plugin(value, name);
                 protozero::pbf_writer tensor(value, 8);
                 tensor.add_enum(1, type);
                 tensor.add_bytes(4, content);
               }));
  }
  write_file(folder / "text", event([](auto& value) {
               add_plugin(value, "text");
               protozero::pbf_writer tensor(value, 8);
               tensor.add_enum(1, 7);
               tensor.add_bytes(8, "caf\u00e9");
             }));
}

void write_pictures(const std::filesystem::path& folder) {
  media::Pixels pixels;
  pixels.height = 3;
  pixels.width = 5;
  pixels.channels = 3;
  pixels.bytes.assign(45, '\x40');
  const auto jpeg = media::encode_jpeg(pixels);
  const auto gif = media::encode_gif({pixels.bytes, 1, 3, 5, 4});
  RUNSTONE_ASSERT(jpeg.has_value() && gif.has_value());
  write_file(folder / "png", media::encode_png(pixels));
  write_file(folder / "jpeg", *jpeg);
  write_file(folder / "gif", *gif);
  write_file(folder / "bmp", media::encode_bmp(pixels));
  for (const char* kind : {"VP8 ", "VP8L", "VP8X"}) {
    write_file(folder / (std::string("webp_") + kind[3]),
               "RIFF" + std::string(4, '\0') + "WEBP" + kind + std::string(18, '\x01'));
  }
}

void write_c_calls(const std::filesystem::path& folder) {
  write_file(folder / "numbers", number_field(RUNSTONE_KIND_NUMBER, "loss", 0.5) +
                                     number_field(RUNSTONE_KIND_INT, "epoch", std::int64_t{-3}) +
                                     number_field(RUNSTONE_KIND_BOOL, "done", std::int64_t{1}));
  write_file(folder / "texts",
             field(RUNSTONE_KIND_TEXT, "note", "caf\u00e9") +
                 field(RUNSTONE_KIND_NULL, "none", "") +
                 field(RUNSTONE_KIND_JSON, "val", R"({"acc": [1, NaN, {"a": null}]})"));
  write_file(folder / "options",
             field(RUNSTONE_KIND_TEXT, "summary", "min,max") +
                 field(RUNSTONE_KIND_TEXT, "goal", "minimize") +
                 number_field(RUNSTONE_KIND_BOOL, "step_sync", std::int64_t{1}));
  write_file(folder / "alert", field(RUNSTONE_KIND_TEXT, "level", "WARN") +
                                   number_field(RUNSTONE_KIND_NUMBER, "wait_duration", 60.0));
  write_file(folder / "media", field(RUNSTONE_KIND_MEDIA, "image", "\x01\x02\x03") +
                                   field(RUNSTONE_KIND_MEDIA_LIST, "images", ""));
  write_file(folder / "tags", field(RUNSTONE_KIND_JSON, "tags", R"(["a", "b"])") +
                                  field(RUNSTONE_KIND_TEXT, "name", "brisk-otter"));
}
