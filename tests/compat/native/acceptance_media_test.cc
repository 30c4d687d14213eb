// The acceptance programs of media and charts: A6 to A12.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <runstone/api.h>
#include <runstone/artifact.h>
#include <runstone/media.h>
#include <runstone/plot.h>
#include <runstone/run.h>

#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "outcome.h"
#include "place.h"

namespace native {
namespace {

using runstone::Dict;
using runstone::Image;
using runstone::List;
using runstone::PublicRun;
using runstone::Value;
using testing::ElementsAre;

/// The value of a key in the only row of a run.
Value only_value(const PublicRun& run, const std::string& key) {
  const std::vector<Dict> rows = rows_of(run);
  EXPECT_EQ(rows.size(), 1u);
  const Value* value = rows.empty() ? nullptr : rows[0].find(key);
  EXPECT_NE(value, nullptr) << key;
  return value == nullptr ? Value(Dict()) : *value;
}

std::string text_at(const Value& value, const std::string& key) {
  const Value* found = value.get(key);
  return found == nullptr ? "(no " + key + ")" : std::string(found->string_or("(no text)"));
}

std::int64_t number_at(const Value& value, const std::string& key) {
  const Value* found = value.get(key);
  return found == nullptr ? -1 : found->int_or(-1);
}

List list_at(const Value& value, const std::string& key) {
  const Value* found = value.get(key);
  return found == nullptr || found->if_list() == nullptr ? List() : *found->if_list();
}

TEST(Acceptance, A6AHistogramOf64Bins) {
  in_both_modes({[](runstone::Run& run) {
                   std::mt19937 random(6);
                   std::normal_distribution<double> normal;
                   std::vector<double> values(100 * 100);
                   for (double& value : values) value = normal(random);
                   must(run.log({{"gradients", runstone::Histogram::of(values)}}));
                 },
                 [](const PublicRun& run) {
                   const Value value = only_value(run, "gradients");
                   EXPECT_EQ(text_at(value, "_type"), "histogram");
                   EXPECT_EQ(list_at(value, "values").size(), 64u);
                   EXPECT_EQ(list_at(value, "bins").size(), 65u);
                   double count = 0;
                   for (const Value& bin : list_at(value, "values")) count += bin.number_or(0);
                   EXPECT_EQ(count, 10'000);
                 }});
}

std::vector<std::uint8_t> random_pixels(std::size_t count, unsigned seed) {
  const std::string bytes = noise(count, seed);
  return {bytes.begin(), bytes.end()};
}

runstone::ImageOptions captioned(int i) {
  runstone::ImageOptions options;
  options.caption = "random field " + std::to_string(i);
  return options;
}

void log_pictures(runstone::Run& run) {
  std::vector<Image> examples;
  for (int i = 0; i < 3; ++i) {
    const auto pixels = random_pixels(100 * 100 * 3, static_cast<unsigned>(i));
    examples.push_back(must(Image::from_rgb(pixels, 100, 100, captioned(i))));
  }
  must(run.log({{"examples", examples}}));
}

void check_pictures(const PublicRun& run) {
  const Value value = only_value(run, "examples");
  EXPECT_EQ(text_at(value, "_type"), "images/separated");
  EXPECT_EQ(text_at(value, "format"), "png");
  EXPECT_EQ(number_at(value, "count"), 3);
  EXPECT_EQ(number_at(value, "width"), 100);
  EXPECT_EQ(number_at(value, "height"), 100);
  EXPECT_EQ(list_at(value, "captions"),
            (List{"random field 0", "random field 1", "random field 2"}));
  ASSERT_EQ(list_at(value, "filenames").size(), 3u);
  for (const Value& name : list_at(value, "filenames")) {
    const std::string bytes = file_of(run, std::string(name.string_or("")));
    EXPECT_EQ(bytes.substr(0, 8), "\x89PNG\r\n\x1a\n");
    EXPECT_GT(bytes.size(), 100u * 100 * 3) << "random pixels cannot be smaller";
  }
}

TEST(Acceptance, A7PicturesWithCaptions) { in_both_modes({log_pictures, check_pictures}); }

TEST(Acceptance, A8PicturesOfAnotherLibrarysFiles) {
  // What PIL is to Python is to C++ whatever writes a picture file; here, the pictures of A7.
  runstone::Run earlier = start("earlier");
  log_pictures(earlier);
  finish(earlier);
  const PublicRun pictures = stored("earlier");
  std::vector<std::string> paths;
  for (const Value& name : list_at(only_value(pictures, "examples"), "filenames")) {
    paths.push_back(std::filesystem::absolute("picture" + std::to_string(paths.size()) + ".png"));
    write(paths.back(), file_of(pictures, std::string(name.string_or(""))));
  }
  in_both_modes({[&](runstone::Run& run) {
                   std::vector<Image> examples;
                   for (const std::string& path : paths) {
                     const int i = static_cast<int>(examples.size());
                     examples.push_back(must(Image::from_file(path, captioned(i))));
                   }
                   must(run.log({{"examples", examples}}));
                 },
                 [&](const PublicRun& run) {
                   check_pictures(run);
                   std::vector<std::string> files;
                   for (const Value& name : list_at(only_value(run, "examples"), "filenames")) {
                     files.push_back(file_of(run, std::string(name.string_or(""))));
                   }
                   EXPECT_THAT(files, ElementsAre(read(paths[0]), read(paths[1]), read(paths[2])))
                       << "a file is kept as it is";
                 }});
}

/// How many pictures a GIF has: its image blocks, counted as its specification lays them out.
int frames_of(std::string_view gif) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(gif.at(i)); };
  const auto colors = [&](std::size_t flags) {
    return (byte(flags) & 0x80u) != 0 ? 3u << ((byte(flags) & 7u) + 1) : 0u;
  };
  std::size_t at = 13 + colors(10);
  const auto skip_blocks = [&] {
    while (byte(at) != 0) at += byte(at) + 1u;
    ++at;
  };
  int frames = 0;
  while (byte(at) != 0x3b) {  // the trailer
    if (byte(at) == 0x2c) {   // a picture: its descriptor, its colours, its code size
      ++frames;
      at += 10 + colors(at + 9) + 1;
    } else {  // 0x21, an extension: its label
      at += 2;
    }
    skip_blocks();
  }
  return frames;
}

TEST(Acceptance, A9AFilmWithoutAFormatIsAGif) {
  in_both_modes(
      {[](runstone::Run& run) {
         const auto pixels = random_pixels(10 * 100 * 100 * 3, 9);
         runstone::VideoOptions options;
         options.fps = 4;
         must(run.log({{"video", runstone::Video::from_frames(pixels, 10, 100, 100, 3, options)}}));
       },
       [](const PublicRun& run) {
         const Value value = only_value(run, "video");
         EXPECT_EQ(text_at(value, "_type"), "video-file");
         EXPECT_EQ(number_at(value, "width"), 100);
         EXPECT_EQ(number_at(value, "height"), 100);
         const std::string path = text_at(value, "path");
         EXPECT_EQ(std::filesystem::path(path).extension(), ".gif");
         const std::string gif = file_of(run, path);
         EXPECT_EQ(gif.substr(0, 10), std::string("GIF89a\x64\0\x64\0", 10));
         EXPECT_EQ(frames_of(gif), 10);
       }});
}

TEST(Acceptance, A10AFigureOfPlotly) {
  static const std::string kFigure =
      R"({"data":[{"type":"scatter","x":[0,1,2],"y":[0,1,4]}],"layout":{}})";
  in_both_modes({[](runstone::Run& run) {
                   must(run.log({{"chart", runstone::Plotly::from_json(kFigure)}}));
                 },
                 [](const PublicRun& run) {
                   const Value value = only_value(run, "chart");
                   EXPECT_EQ(text_at(value, "_type"), "plotly-file");
                   EXPECT_THAT(text_at(value, "path"), testing::EndsWith(".plotly.json"));
                   EXPECT_EQ(file_of(run, text_at(value, "path")), kFigure);
                 }});
}

TEST(Acceptance, A11APrecisionRecallCurve) {
  in_both_modes({[](runstone::Run& run) {
                   const std::vector<std::int64_t> y_test = {0, 1, 1, 0};
                   const std::vector<double> y_probas = {.9, .1, .2, .8, .6, .4, .7, .3};
                   runstone::plot::CurveOptions labels;
                   labels.class_names = {"no", "yes"};
                   must(run.log({{"pr", runstone::plot::pr_curve(y_test, y_probas, 2, labels)}}));
                 },
                 [](const PublicRun& run) {
                   const std::vector<Dict> rows = rows_of(run);
                   ASSERT_EQ(rows.size(), 1u);
                   EXPECT_FALSE(rows[0].contains("pr")) << "the chart's key is in no row";
                   const Value table = only_value(run, "pr_table");
                   EXPECT_EQ(text_at(table, "_type"), "table-file");
                   EXPECT_EQ(number_at(table, "nrows"), 2 * 21);
                   EXPECT_THAT(file_of(run, text_at(table, "path")),
                               testing::StartsWith(R"({"columns":["class","precision","recall"])"));
                   const Dict config = must(run.raw_config());
                   const Value* charts = config.find("_wandb")->get("visualize");
                   ASSERT_NE(charts, nullptr);
                   const Value* chart = charts->get("pr");
                   ASSERT_NE(chart, nullptr);
                   EXPECT_EQ(text_at(*chart->get("panel_config"), "panelDefId"),
                             "wandb/area-under-curve/v0");
                   const auto logged = must(run.logged_artifacts().rest());
                   ASSERT_EQ(logged.size(), 1u);
                   EXPECT_EQ(logged[0].type(), "run_table");
                 }});
}

/// A binary glTF of one empty scene.
std::string glb() {
  std::string text = R"({"asset":{"version":"2.0"},"scenes":[{}],"scene":0})";
  text.resize((text.size() + 3) / 4 * 4, ' ');
  const auto word = [](std::size_t value) {
    std::string bytes(4, '\0');
    for (int i = 0; i < 4; ++i)
      bytes[static_cast<std::size_t>(i)] = static_cast<char>(value >> (8 * i));
    return bytes;
  };
  return "glTF" + word(2) + word(12 + 8 + text.size()) + word(text.size()) + "JSON" + text;
}

TEST(Acceptance, A12MeshesOfThreeForms) {
  static const std::string kMeshes[][2] = {{"obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"},
                                           {"gltf", R"({"asset":{"version":"2.0"}})"},
                                           {"glb", glb()}};
  in_both_modes({[](runstone::Run& run) {
                   std::vector<runstone::Object3D> meshes;
                   for (const auto& [type, content] : kMeshes) {
                     write("mesh." + type, content);
                     meshes.push_back(must(runstone::Object3D::from_file("mesh." + type)));
                   }
                   must(run.log({{"meshes", meshes}}));
                 },
                 [](const PublicRun& run) {
                   const Value value = only_value(run, "meshes");
                   EXPECT_EQ(text_at(value, "_type"), "object3D");
                   EXPECT_EQ(number_at(value, "count"), 3);
                   const List objects = list_at(value, "objects");
                   ASSERT_EQ(objects.size(), 3u);
                   for (std::size_t i = 0; i < 3; ++i) {
                     EXPECT_EQ(text_at(objects[i], "_type"), "object3D-file");
                     const std::string path = text_at(objects[i], "path");
                     EXPECT_THAT(path, testing::EndsWith("." + kMeshes[i][0]));
                     EXPECT_EQ(file_of(run, path), kMeshes[i][1]);
                   }
                 }});
}

}  // namespace
}  // namespace native
