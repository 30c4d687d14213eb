// Media in rows: the files, the values, and what happens when a file cannot be had.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "base/digest.h"
#include "base/json.h"
#include "runstone/media.h"
#include "sdk/test_run.h"

namespace runstone::testing_support {
namespace {

using testing::HasSubstr;

const std::vector<std::uint8_t> kBlack(4 * 6 * 3, 0);

Value logged(const runstone::Run& run, const std::string& key) {
  const auto value = run.summary().get(key);
  return value ? *value : Value();
}

std::string text_of(const Value& value, const char* field) {
  const Value* found = value.get(field);
  return found == nullptr ? "" : std::string(found->string_or(json::to_text(*found)));
}

void expect_stored(const runstone::Run& run, const Value& value) {
  const std::string bytes = read_text(run.dir() + "/" + text_of(value, "path"));
  EXPECT_FALSE(bytes.empty()) << json::to_text(value);
  EXPECT_EQ(text_of(value, "sha256"), sha256_hex(bytes));
  EXPECT_EQ(value.get("size")->int_or(-1), static_cast<std::int64_t>(bytes.size()));
}

TEST(MediaLog, ME1EachKindHasItsFileItsDigestAndItsFields) {
  Workplace place;
  auto run = place.start();
  ImageOptions captioned;
  captioned.caption = "c";
  const std::vector<double> points = {1, 2, 3, 4, 5, 6};
  const std::vector<float> sound(100, 0.5F);
  ASSERT_TRUE(run.log({{"image", Image::from_rgb(kBlack, 4, 6, captioned)},
                       {"video", Video::from_frames(kBlack, 2, 2, 6, 3)},
                       {"audio", Audio::from_samples(Span<const float>(sound), 8000)},
                       {"html", Html::from_text("<b>hi</b>", false)},
                       {"points", Object3D::from_points(points, 3)},
                       {"molecule", Molecule::from_bytes("ATOM", "pdb")},
                       {"plotly", Plotly::from_json("{\"data\":[]}")},
                       {"graph", Graph::from_json(R"({"nodes":[{"id":1}],"edges":[]})")}}));
  const std::pair<const char*, const char*> kinds[] = {
      {"image", "image-file"},   {"video", "video-file"},     {"audio", "audio-file"},
      {"html", "html-file"},     {"points", "object3D-file"}, {"molecule", "molecule-file"},
      {"plotly", "plotly-file"}, {"graph", "graph-file"}};
  for (const auto& [key, type] : kinds) {
    const Value value = logged(run, key);
    EXPECT_EQ(text_of(value, "_type"), type);
    expect_stored(run, value);
  }
  const Value image = logged(run, "image");
  EXPECT_EQ(text_of(image, "caption"), "c");
  EXPECT_EQ(text_of(image, "format"), "png");
  EXPECT_EQ(image.get("width")->int_or(0), 6);
  EXPECT_EQ(text_of(image, "path"),
            "media/images/image_0_" + text_of(image, "sha256").substr(0, 20) + ".png");
  EXPECT_EQ(read_text(run.dir() + "/" + text_of(logged(run, "points"), "path")),
            "[[1,2,3],[4,5,6]]");
}

TEST(MediaLog, AHistogramHasNoFile) {
  Workplace place;
  auto run = place.start();
  const std::vector<double> values = {1, 2, 3, 4};
  ASSERT_TRUE(run.log({{"h", Histogram::of(Span<const double>(values), 4)}}));
  EXPECT_EQ(json::to_text(logged(run, "h")),
            R"({"_type":"histogram","values":[1,1,1,1],"bins":[1,1.75,2.5,3.25,4]})");
}

TEST(MediaLog, ME3AListOfOneKindHasItsBatchForm) {
  Workplace place;
  auto run = place.start();
  ImageOptions captioned;
  captioned.caption = "first";
  const std::vector<Image> images = {*Image::from_rgb(kBlack, 4, 6, captioned),
                                     *Image::from_rgb(kBlack, 4, 6)};
  ASSERT_TRUE(run.log({{"gallery", images}}));
  const Value gallery = logged(run, "gallery");
  EXPECT_EQ(text_of(gallery, "_type"), "images/separated");
  EXPECT_EQ(gallery.get("count")->int_or(0), 2);
  EXPECT_EQ(text_of(gallery, "captions"), R"(["first",null])");
  EXPECT_EQ(gallery.get("filenames")->if_list()->size(), 2u);
}

TEST(MediaLog, ME4AKeyWithSlashesMakesFoldersAndNeverLeavesThem) {
  Workplace place;
  auto run = place.start();
  const auto image = *Image::from_rgb(kBlack, 4, 6);
  Row row;
  const auto below = *Image::from_rgb(kBlack, 4, 6), outside = *Image::from_rgb(kBlack, 4, 6);
  row.add("s/l", below);
  row.add("../../out", outside);
  const auto doubled = *Image::from_rgb(kBlack, 4, 6);
  row.add("//s///two", doubled);
  row.begin_dict("nest");
  row.add("img", image);
  row.end_dict();
  ASSERT_TRUE(run.log(row));
  EXPECT_THAT(text_of(logged(run, "s/l"), "path"), HasSubstr("media/images/s/l_0_"));
  EXPECT_THAT(text_of(logged(run, "../../out"), "path"), HasSubstr("media/images/__/__/out_0_"));
  EXPECT_THAT(text_of(logged(run, "//s///two"), "path"), HasSubstr("media/images/s/two_0_"));
  EXPECT_THAT(text_of(*run.summary().get(std::vector<std::string>{"nest", "img"}), "path"),
              HasSubstr("media/images/img_0_"));
}

TEST(MediaLog, TheSameObjectLoggedAgainKeepsItsFile) {
  Workplace place;
  auto run = place.start();
  const auto image = *Image::from_rgb(kBlack, 4, 6);
  ASSERT_TRUE(run.log({{"a", image}}));
  ASSERT_TRUE(run.log({{"b", image}}));
  EXPECT_EQ(text_of(logged(run, "b"), "path"), text_of(logged(run, "a"), "path"));
}

TEST(MediaLog, WhatCouldNotBeMadeIsLogsErrorAndNothingOfTheRowIsStored) {
  Workplace place;
  auto run = place.start();
  const auto logged_row =
      run.log({{"loss", 1}, {"image", Image::from_rgb(kBlack, 5, 5)}}, {7, std::nullopt});
  ASSERT_FALSE(logged_row);
  EXPECT_EQ(logged_row.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(logged_row.error().message, HasSubstr("75 bytes of pixels, not 72"));
  EXPECT_EQ(run.step(), 0);
  EXPECT_EQ(run.log({{"empty", Media()}}).error().code, ErrorCode::kInvalidArgument);
  run.finish();
  EXPECT_TRUE(read_journal(run.sync_dir()).rows.empty());
}

TEST(MediaLog, AFileThatVanishesCostsOnlyItselfAndIsTold) {
  Workplace place;
  auto run = place.start();
  const std::string path = place.path() + "/page.html";
  std::ofstream(path) << "<p>";
  const auto page = *Html::from_file(path, false);
  std::filesystem::remove(path);
  ASSERT_TRUE(run.log({{"loss", 0.5}, {"page", page}}));
  EXPECT_EQ(logged(run, "loss"), Value(0.5));
  EXPECT_TRUE(logged(run, "page").is_null());
  const FinishReport report = run.finish();
  EXPECT_EQ(report.lost_media, 1u);
  EXPECT_THAT(report.message, HasSubstr("1 media could not be stored"));
  EXPECT_THAT(place.all_lines(), HasSubstr("'page' could not be stored"));
}

TEST(MediaLog, TheFilesAreInTheJournalBeforeTheRowThatNamesThem) {
  Workplace place;
  auto run = place.start();
  ASSERT_TRUE(run.log({{"image", Image::from_rgb(kBlack, 4, 6)}}));
  const std::string path = text_of(logged(run, "image"), "path");
  run.finish();
  bool named = false;
  for (const auto& record : read_journal(run.sync_dir()).records) {
    if (const auto* files = std::get_if<protocol::FilesRecord>(&record.body)) {
      for (const auto& file : files->files) {
        named = named || (file.path == path && file.type == protocol::FilesRecord::Type::kMedia);
      }
    }
    if (std::get_if<protocol::HistoryRecord>(&record.body) != nullptr) {
      EXPECT_TRUE(named);
    }
  }
  EXPECT_TRUE(named);
}

TEST(MediaLog, BoxesAndMasksHaveFilesAndTheirClassesAreInTheConfigOnce) {
  Workplace place;
  auto run = place.start();
  ImageOptions options;
  options.boxes = {
      {"pred",
       {{"box_data",
         List{Value({{"position", {{"minX", 0.1}, {"maxX", 0.2}, {"minY", 0.3}, {"maxY", 0.4}}},
                     {"class_id", 1}})}},
        {"class_labels", {{"1", "car"}}}}}};
  ImageMask mask;
  mask.height = 4;
  mask.width = 6;
  mask.class_ids.assign(24, 1);
  mask.class_labels = {{"1", "road"}};
  options.masks = {{"truth", mask}};
  ASSERT_TRUE(run.log({{"seg", Image::from_rgb(kBlack, 4, 6, options)}}));
  ASSERT_TRUE(run.log({{"seg", Image::from_rgb(kBlack, 4, 6, options)}}));
  const Value value = logged(run, "seg");
  ASSERT_NE(value.get("boxes"), nullptr) << json::to_text(value);
  const Value& boxes = *value.get("boxes")->get("pred");
  EXPECT_THAT(text_of(boxes, "path"), HasSubstr("media/metadata/boxes2D/seg_1_"));
  expect_stored(run, boxes);
  expect_stored(run, *value.get("masks")->get("truth"));
  const Dict config = run.config().all_with_private();
  const Value& labels = *config.find("_wandb")->get("bounding_box/class_labels");
  EXPECT_EQ(json::to_text(*labels.get("seg_wandb_delimeter_pred")->get("value")), R"({"1":"car"})");
  run.finish();
  int records = 0;
  for (const auto& config : read_journal(run.sync_dir()).all<protocol::ConfigRecord>()) {
    for (const auto& item : config.update)
      records += item.path.size() > 1 && item.path[1] == "bounding_box/class_labels" ? 1 : 0;
  }
  EXPECT_EQ(records, 1);
}

TEST(MediaLog, ClassesWithoutNamesAreCalledAfterTheirIds) {
  Workplace place;
  auto run = place.start();
  ImageOptions options;
  const Value position({{"minX", 0}, {"maxX", 1}, {"minY", 0}, {"maxY", 1}});
  options.boxes = {{"pred",
                    {{"box_data", List{Value({{"position", position}, {"class_id", 10}}),
                                       Value({{"position", position}, {"class_id", 2}})}}}}};
  ImageMask mask;
  mask.height = 2;
  mask.width = 2;
  mask.class_ids = {3, 0, 3, 0};
  options.masks = {{"truth", mask}};
  ASSERT_TRUE(run.log({{"seg", Image::from_rgb(kBlack, 4, 6, options)}}));
  const Dict config = run.config().all_with_private();
  const Value& own = *config.find("_wandb");
  EXPECT_EQ(
      json::to_text(
          *own.get("bounding_box/class_labels")->get("seg_wandb_delimeter_pred")->get("value")),
      R"({"2":"class_2","10":"class_10"})");
  EXPECT_EQ(
      json::to_text(*own.get("mask/class_labels")->get("seg_wandb_delimeter_truth")->get("value")),
      R"({"0":"class_0","3":"class_3"})");
}

TEST(MediaLog, ME2WrongInputIsRefusedWithWhatIsWanted) {
  ImageOptions tiff;
  tiff.file_type = "tiff";
  EXPECT_THAT(Image::from_rgb(kBlack, 4, 6, tiff).error().message,
              HasSubstr("png, jpg, jpeg or bmp"));
  EXPECT_EQ(Image::from_file("/nowhere.png").error().code, ErrorCode::kNotFound);
  ImageOptions boxes;
  boxes.boxes = {{"p", {{"box_data", List{Value({{"class_id", 1}})}}}}};
  EXPECT_EQ(Image::from_rgb(kBlack, 4, 6, boxes).error().code, ErrorCode::kInvalidType);
  VideoOptions avi;
  avi.format = "avi";
  EXPECT_THAT(Video::from_frames(kBlack, 2, 2, 6, 3, avi).error().message,
              HasSubstr("gif, mp4, webm or ogg"));
  EXPECT_FALSE(Video::from_frames(kBlack, 0, 2, 6, 3));
  const std::vector<double> few = {1, 2};
  EXPECT_THAT(Object3D::from_points(few, 5).error().message, HasSubstr("3 (x y z)"));
  EXPECT_FALSE(Object3D::from_scene({{"type", "other"}}));
  EXPECT_THAT(Molecule::from_bytes("", "xyz").error().message, HasSubstr("one of pdb, "));
  for (const char* type : {".obj", "a.obj", "OBJ", ""}) {
    EXPECT_THAT(Object3D::from_bytes("v 0 0 0", type).error().message,
                HasSubstr("pts.json, obj, "));
    EXPECT_EQ(Molecule::from_bytes("", type).error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_FALSE(Audio::from_samples(Span<const double>(few), 0));
  EXPECT_FALSE(Audio::from_samples(Span<const double>(few), 8000, 3));
  EXPECT_FALSE(Histogram::of(Span<const double>(few), 513));
  EXPECT_FALSE(Histogram::from_counts(few, few));
  EXPECT_FALSE(Plotly::from_json("[1]"));
  EXPECT_FALSE(Graph::from_json("[1]"));
  EXPECT_FALSE(Graph::from_json(R"({"nodes":[]})"));
}

TEST(MediaLog, ME2AnAddressOfTheNetIsForArtifactsOnly) {
  Workplace place;
  auto run = place.start();
  for (const auto& logged : {run.log({{"i", Image::from_file("s3://bucket/a.png")}}),
                             run.log({{"a", Audio::from_file("https://host/a.wav")}})}) {
    ASSERT_FALSE(logged);
    EXPECT_EQ(logged.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(logged.error().message, HasSubstr("artifact"));
  }
  EXPECT_EQ(run.step(), 0);
}

TEST(MediaLog, ABoxAroundTheOriginHasTheCornersOfTheUnitCube) {
  const Box3D box = Box3D::around({0, 0, 0}, {2, 2, 2}, {1, 0, 0, 0}, {255, 0, 0});
  for (const auto& corner : box.corners) {
    for (const double c : corner) EXPECT_EQ(std::abs(c), 1);
  }
}

}  // namespace
}  // namespace runstone::testing_support
