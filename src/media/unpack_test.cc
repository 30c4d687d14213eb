// Objects as artifacts hold them, read back.
#include "media/unpack.h"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <source_location>
#include <sstream>

#include "base/digest.h"
#include "base/json.h"
#include "base/random_id.h"
#include "media/npz.h"
#include "media/object.h"
#include "media/read_npz.h"

namespace runstone::media {
namespace {

namespace stdfs = std::filesystem;
using testing::HasSubstr;

/// An artifact that is a folder.
class Folder final : public Package, public StoredPackage {
 public:
  Folder() { stdfs::create_directories(folder_); }
  ~Folder() override { stdfs::remove_all(folder_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  Result<PackedFile> add_bytes(const std::string& path, std::string_view bytes) override {
    stdfs::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << bytes;
    return PackedFile{path, "digest", sha256_hex(bytes), bytes.size()};
  }
  Result<PackedFile> add_written(
      const std::string& path,
      const std::function<Result<void>(const Write& write)>& fill) override {
    std::string all;
    const auto done = fill([&](std::string_view piece) -> Result<void> {
      all += piece;
      return {};
    });
    if (!done) return fail(done.error());
    return add_bytes(path, all);
  }
  Result<PackedFile> add_file(const std::string& path, const std::string& local_path) override {
    return add_bytes(path, read(local_path));
  }
  Result<PackedFile> add_reference(const std::string& path, const std::string& uri) override {
    references_[path] = uri;
    return PackedFile{path, uri, "", 0};
  }
  Result<PackedFile> add_object(const std::shared_ptr<Object>& object,
                                const std::string& name) override {
    auto json = object->artifact_json(*this);
    if (!json) return fail(json.error());
    return add_bytes(name + "." + std::string(object->artifact_type()) + ".json", *json);
  }
  bool has_entry(const std::string& path) const override { return stdfs::exists(folder_ / path); }
  bool refuses_long_tables() const override { return false; }
  void warn(const std::string&) override {}

  Result<void> bring(const std::vector<std::string>& paths) override {
    brought.insert(brought.end(), paths.begin(), paths.end());
    return {};
  }
  Result<std::string> file(const std::string& path) override {
    if (const auto uri = references_.find(path); uri != references_.end()) return uri->second;
    if (!has_entry(path)) return fail(ErrorCode::kCorrupt, "no '" + path + "'");
    return (folder_ / path).string();
  }
  Result<std::string> text(const std::string& path) override {
    auto place = file(path);
    return place ? Result<std::string>(read(*place)) : place;
  }
  Result<Media> object(const std::string& name) override {
    if (!has_entry(name)) return Media();
    auto json = text(name);
    if (!json) return fail(json.error());
    return unpack(*this, *json::parse(*json));
  }
  std::vector<std::string> paths() const override {
    std::vector<std::string> all;
    for (const auto& one : stdfs::recursive_directory_iterator(folder_)) {
      if (one.is_regular_file()) all.push_back(stdfs::relative(one.path(), folder_).string());
    }
    return all;
  }

  std::vector<std::string> brought;

 private:
  static std::string read(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  const stdfs::path folder_ = stdfs::temp_directory_path() / ("runstone-unpack-" + random_id(8));
  std::map<std::string, std::string> references_;
};

/// Files have other paths when they are packed again; what they hold is in their sha256.
Value without_paths(const Value& value) {
  if (const List* list = value.if_list()) {
    List rest;
    for (const Value& one : *list) rest.push_back(without_paths(one));
    return Value(std::move(rest));
  }
  const Dict* dict = value.if_dict();
  if (dict == nullptr) return value;
  Dict rest;
  for (const auto& [key, one] : *dict) {
    if (key != "path") rest.set(key, without_paths(one));
  }
  return Value(std::move(rest));
}

/// The JSON of an object that was written and read, beside the one that it had.
void expect_comes_back(const Media& media, Folder& folder,
                       std::source_location row = std::source_location::current()) {
  const testing::ScopedTrace trace(row.file_name(), static_cast<int>(row.line()), media.type());
  const auto written = media.object()->artifact_json(folder);
  ASSERT_TRUE(written) << written.error().message;
  const auto read = unpack(folder, *json::parse(*written));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->type(), media.type());
  const auto again = read->object()->artifact_json(folder);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(json::to_text(without_paths(*json::parse(*again))),
            json::to_text(without_paths(*json::parse(*written))));
}

Image image() {
  const std::vector<std::uint8_t> pixels(2 * 3 * 3, 7);
  ImageOptions options;
  options.caption = "c";
  options.grouping = 3;
  options.classes = {{"0", "road"}, {"5", "sea"}};
  options.boxes = {
      {"b",
       {{"box_data", List{{{"position", {{"minX", 0}, {"maxX", 1}, {"minY", 0}, {"maxY", 1}}},
                           {"class_id", 0}}}},
        {"class_labels", {{"0", "road"}}}}}};
  ImageMask mask;
  mask.class_ids = {0, 1, 0, 1, 0, 1};
  mask.height = 2;
  mask.width = 3;
  mask.class_labels = {{"0", "road"}, {"1", "car"}};
  options.masks.emplace_back("m", mask);
  return *Image::from_rgb(pixels, 2, 3, options);
}

TEST(Unpack, EveryObjectComesBack) {
  Folder folder;
  expect_comes_back(image(), folder);
  const std::vector<float> samples(8, 0.5F);
  expect_comes_back(*Audio::from_samples(samples, 8000, 1, "sound"), folder);
  expect_comes_back(*Video::from_bytes("GIF89a", "gif", "moves"), folder);
  expect_comes_back(*Html::from_text("<b>x</b>"), folder);
  expect_comes_back(*Object3D::from_bytes("o x", "obj", "mesh"), folder);
  expect_comes_back(*Molecule::from_bytes("HEADER", "pdb", "molecule"), folder);
  expect_comes_back(*Classes::create({{{"id", 0}, {"name", "road"}}}), folder);
  const std::vector<double> counts = {1, 2}, edges = {0, 1, 2};
  expect_comes_back(*Histogram::from_counts(counts, edges), folder);
}

TEST(Unpack, AnAddressStaysOne) {
  Folder folder;
  expect_comes_back(*Image::from_file("https://example.org/a.png"), folder);
}

TEST(Unpack, ATableComesBackWithItsTypesAndCells) {
  Folder folder;
  Table table = *Table::create({"n", "t", "b", "d", "l", "a", "i", "h"});
  Timestamp day;
  day.unix_us = 1'577'923'200'123'000;
  day.utc_offset_secs = 0;
  const std::vector<double> numbers = {0, 1, 2, 3}, counts = {1, 2}, edges = {0, 1, 2};
  const auto array = NumberArray::of(Span<const double>(numbers), {2, 2});
  const Image picture = image();
  const Value list = List{1, 2};
  ASSERT_TRUE(table.add_data(
      {1, "x", true, day, list, array, picture, *Histogram::from_counts(counts, edges)}));
  ASSERT_TRUE(table.add_data({2.5, nullptr, nullptr, nullptr, nullptr, array, nullptr, nullptr}));
  expect_comes_back(table, folder);
  const auto written = table.object()->artifact_json(folder);
  folder.brought.clear();
  const Table read = *Table::of(*unpack(folder, *json::parse(*written)));
  EXPECT_EQ(read.columns(), table.columns());
  EXPECT_EQ(json::to_text(*read.get_column("d")), json::to_text(*table.get_column("d")));
  EXPECT_EQ(json::to_text(*read.get_column("a")), "[[[0,1],[2,3]],[[0,1],[2,3]]]");
  EXPECT_EQ(read.media_at(0, "i").type(), "image-file");
  EXPECT_FALSE(read.media_at(1, "i"));
  EXPECT_EQ(read.column_type("n"), table.column_type("n"));
  EXPECT_THAT(folder.brought, testing::Contains(HasSubstr("media/images/")));  // all at once
}

TEST(Unpack, TablesThatLinkToEachOtherComeBack) {
  Folder folder;
  Table one = *Table::create({"id", "v"}), other = *Table::create({"key", "w"});
  ASSERT_TRUE(one.add_data({"a", 1}) && one.add_data({"b", 2}));
  ASSERT_TRUE(other.add_data({"a", 3}));
  ASSERT_TRUE(one.set_pk("id"));
  ASSERT_TRUE(other.set_fk("key", one, "id"));
  expect_comes_back(one, folder);
  expect_comes_back(other, folder);
  expect_comes_back(*JoinedTable::create(one, other, {"id", "key"}), folder);
}

TEST(Unpack, IncrementsAreOneTableInTheirOrder) {
  Folder folder;
  const auto increment = [](int number, const char* rows) {
    return R"({"_type": "table", "columns": ["n"], "log_mode": "INCREMENTAL", "increment_num": )" +
           std::to_string(number) + R"(, "data": )" + rows + "}";
  };
  ASSERT_TRUE(folder.add_bytes("10-5.k.table.json", increment(10, "[[4]]")));
  ASSERT_TRUE(folder.add_bytes("None-9.k.table.json", increment(0, "[[1]]")));
  ASSERT_TRUE(folder.add_bytes("2-7.k.table.json", increment(2, "[[2], [3]]")));
  const auto read = folder.object("10-5.k.table.json").and_then(&Table::of);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(json::to_text(*read->get_column("n")), "[1,2,3,4]");
  EXPECT_EQ(read->log_mode(), "INCREMENTAL");
}

void expect_corrupt(const char* text, const char* words,
                    std::source_location row = std::source_location::current()) {
  const testing::ScopedTrace trace(row.file_name(), static_cast<int>(row.line()), text);
  Folder folder;
  const auto read = unpack(folder, *json::parse(text));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kCorrupt) << read.error().message;
  EXPECT_THAT(read.error().message, HasSubstr(words));
}

TEST(Unpack, WhatDescribesNoObjectIsSaid) {
  expect_corrupt("{}", "none that can be read");
  expect_corrupt("[1]", "none that can be read");
  expect_corrupt(R"({"_type": "image-file"})", "names no file");
  expect_corrupt(R"({"_type": "audio-file", "path": "gone.wav"})", "gone.wav");
  expect_corrupt(R"({"_type": "classes"})", "class_set");
  expect_corrupt(R"({"_type": "joined-table", "table1": "a"})", "names no two tables");
  expect_corrupt(R"({"_type": "table"})", "no list of columns");
  expect_corrupt(R"({"_type": "table", "columns": ["a"]})", "no list of rows");
  expect_corrupt(R"({"_type": "table", "columns": ["a"], "data": [[1, 2]]})", "not of its columns");
  expect_corrupt(R"({"_type": "table", "columns": ["a"], "data": [1]})", "not of its columns");
  expect_corrupt(R"({"_type": "table", "columns": ["a"], "data": [], "column_types": {"params":
                     {"type_map": {"a": {"wb_type": "foreignKey", "params": {"table": "t"}}}}}})",
                 "not there");
  EXPECT_EQ(Table::of(Media()).error().code, ErrorCode::kInvalidType);
  EXPECT_THAT(Table::of(image()).error().message, HasSubstr("image-file"));
}

TEST(ReadNpz, GivesWhatWasWrittenAndNothingOfHalfAFile) {
  const std::vector<double> numbers = {1, 2, 3};
  const auto array =
      std::make_shared<const NumberArray>(NumberArray::of(Span<const double>(numbers), {3}));
  const std::string whole = stacked_npz("key", {array, array}, {3});
  const auto read = read_npz(whole, "key");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(read->dtype, "<f8");
  EXPECT_EQ(read->bytes, array->bytes + array->bytes);
  EXPECT_EQ(read_npz(whole, "other").error().code, ErrorCode::kCorrupt);
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    EXPECT_FALSE(read_npz(whole.substr(0, cut), "key")) << "cut at byte " << cut;
  }
  for (std::size_t i = 0; i < whole.size(); ++i) {  // nothing is read beyond its end
    std::string damaged = whole;
    damaged[i] = static_cast<char>(~damaged[i]);
    const auto other = read_npz(damaged, "key");
    EXPECT_TRUE(!other || other->bytes.size() == read->bytes.size()) << "byte " << i;
  }
}

}  // namespace
}  // namespace runstone::media
