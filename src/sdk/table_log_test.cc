// Tables in rows: their file, their artifact, and what each log mode stores. The texts are what the
// stock client writes of the same tables.
#include <gmock/gmock.h>

#include <limits>

#include "base/digest.h"
#include "base/json.h"
#include "runstone/table.h"
#include "sdk/test_run.h"

namespace runstone::testing_support {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

const std::vector<std::uint8_t> kBlack(2 * 3 * 3, 0);

Value summary_of(const runstone::Run& run, const std::string& key) {
  return run.summary().get(key).value_or(Value());
}

std::string text_of(const Value& value, const char* field) {
  const Value* found = value.get(field);
  return found == nullptr ? "" : std::string(found->string_or(json::to_text(*found)));
}

std::vector<protocol::ArtifactRecord> artifacts_of(const runstone::Run& run) {
  return read_journal(run.sync_dir()).all<protocol::ArtifactRecord>();
}

std::string entry_of(const protocol::ArtifactRecord& artifact, const std::string& path) {
  for (const auto& entry : artifact.manifest.contents) {
    if (entry.path == path) return read_text(entry.local_path);
  }
  return "";
}

Table table_of(std::initializer_list<const char*> columns, const TableOptions& options = {}) {
  return *Table::create(columns, options);
}

TEST(TableLog, DF8TheVectorOfATableAndItsFile) {
  Workplace place;
  auto run = place.start();
  Table table = table_of({"x", "y"});
  ASSERT_TRUE(table.add_data({1, 2}));
  ASSERT_TRUE(table.add_data({3, 4}));
  ASSERT_TRUE(run.log({{"line_table", table}}, {5, true}));
  const Value value = summary_of(run, "line_table");
  EXPECT_EQ(text_of(value, "_type"), "table-file");
  EXPECT_EQ(text_of(value, "path"), "media/table/line_table_5_4258fa77b12ff507cdfa.table.json");
  EXPECT_EQ(text_of(value, "sha256"),
            "4258fa77b12ff507cdfaab51285e5a3ad1385934bc30bb54cf934e09ec33b346");
  EXPECT_EQ(text_of(value, "size"), "42");
  EXPECT_EQ(text_of(value, "ncols") + text_of(value, "nrows"), "22");
  EXPECT_EQ(text_of(value, "log_mode"), "IMMUTABLE");
  EXPECT_EQ(read_text(run.dir() + "/" + text_of(value, "path")),
            R"({"columns":["x","y"],"data":[[1,2],[3,4]]})");
  EXPECT_THAT(text_of(value, "artifact_path"),
              MatchesRegex("wandb-client-artifact://[a-z0-9]+/line_table\\.table\\.json"));
  EXPECT_THAT(text_of(value, "_latest_artifact_path"),
              MatchesRegex("wandb-client-artifact://[a-z0-9]+:latest/line_table\\.table\\.json"));
  run.finish();
  const auto artifacts = artifacts_of(run);
  ASSERT_EQ(artifacts.size(), 1U);
  EXPECT_EQ(artifacts[0].type, "run_table");
  EXPECT_EQ(artifacts[0].name, "run-" + run.id() + "-line_table");
  EXPECT_EQ(text_of(value, "artifact_path"),
            "wandb-client-artifact://" + artifacts[0].client_id + "/line_table.table.json");
}

TEST(TableLog, DF8TheArtifactHasColumnTypesAndSortedKeys) {
  Workplace place;
  auto run = place.start();
  Table table = table_of({"a", "b"});
  ASSERT_TRUE(table.add_data({1, "x"}));
  ASSERT_TRUE(table.add_data({2.5, nullptr}));
  ASSERT_TRUE(run.log({{"ab", table}}));
  run.finish();
  EXPECT_EQ(
      entry_of(artifacts_of(run).at(0), "ab.table.json"),
      R"({"_type": "table", "column_types": {"params": {"type_map": {"a": {"params": {"allowed_types": )"
      R"([{"wb_type": "none"}, {"wb_type": "number"}]}, "wb_type": "union"}, "b": {"params": )"
      R"({"allowed_types": [{"wb_type": "none"}, {"wb_type": "string"}]}, "wb_type": "union"}}}, )"
      R"("wb_type": "typedDict"}, "columns": ["a", "b"], "data": [[1, "x"], [2.5, null]], )"
      R"("log_mode": "IMMUTABLE", "ncols": 2, "nrows": 2})");
}

TEST(TableLog, DF8TheNameOfTheArtifactKeepsAllowedCharacters) {
  Workplace place;
  auto options = place.options();
  options.id = "74rgjs94";
  auto run = place.start(options);
  Table table = table_of({"a"});
  ASSERT_TRUE(table.add_data({1}));
  ASSERT_TRUE(run.log({{"t b/é", table}}));
  run.finish();
  const auto artifacts = artifacts_of(run);
  EXPECT_EQ(artifacts.at(0).name, "run-74rgjs94-tb-igFmpQ");
  EXPECT_THAT(entry_of(artifacts[0], "t b/é.table.json"), HasSubstr("[[1]]"));
}

TEST(TableLog, MomentsArraysListsAndMissingNumbersHaveTheirForms) {
  Workplace place;
  auto run = place.start();
  Timestamp moment{1577934245678901, false, std::nullopt};
  Timestamp zoned{1577927045678901, false, 7200};
  Timestamp day{1577923200000000, true, std::nullopt};
  const std::vector<double> numbers = {0, 1, 2, 3};
  const NumberArray line = NumberArray::of(Span<const double>(numbers), {4});
  const NumberArray square = NumberArray::of(Span<const double>(numbers), {2, 2});
  const Value list(List{1, "a"});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  Table table = table_of({"t", "z", "d", "v", "m", "l", "n", "i"});
  ASSERT_TRUE(table.add_data({moment, zoned, day, line, square, list, nan, infinity}));
  ASSERT_TRUE(run.log({{"t", table}}));
  EXPECT_EQ(read_text(run.dir() + "/" + text_of(summary_of(run, "t"), "path")),
            R"({"columns":["t","z","d","v","m","l","n","i"],"data":[["2020-01-02T03:04:05.678901",)"
            R"("2020-01-02T03:04:05.678901+02:00","2020-01-02",[0.0,1.0,2.0,3.0],)"
            R"([[0.0,1.0],[2.0,3.0]],[1,"a"],NaN,Infinity]]})");
  run.finish();
  const auto artifact = artifacts_of(run).at(0);
  const std::string text = entry_of(artifact, "t.table.json");
  EXPECT_THAT(text, HasSubstr("\"data\": [[1577934245678, 1577927045678, 1577923200000, [0.0, 1.0, "
                              "2.0, 3.0], null, [1, \"a\"], null, Infinity]]"));
  EXPECT_THAT(text, HasSubstr("\"v\": {\"params\": {\"element_type\": {\"wb_type\": \"number\"}, "
                              "\"length\": 4}, \"wb_type\": \"list\"}"));
  EXPECT_THAT(text, HasSubstr("\"m\": {\"params\": {\"allowed_types\": [{\"params\": "
                              "{\"serialization_path\": {\"key\": \"m\", \"path\": "
                              "\"media/serialized_data/"));
  EXPECT_THAT(text, HasSubstr("\"l\": {\"params\": {\"allowed_types\": [{\"params\": "
                              "{\"element_type\": {\"wb_type\": \"invalid\"}, \"length\": 2}"));
}

TEST(TableLog, AMomentInUtcEndsInZ) {
  Workplace place;
  auto run = place.start();
  const Timestamp moment{1709618828000000, false, 0};
  Table table = table_of({"t"});
  ASSERT_TRUE(table.add_data({moment}));
  ASSERT_TRUE(run.log({{"t", table}}));
  EXPECT_EQ(read_text(run.dir() + "/" + text_of(summary_of(run, "t"), "path")),
            R"({"columns":["t"],"data":[["2024-03-05T06:07:08Z"]]})");
  run.finish();
}

// The vectors were made by the stock client.
TEST(TableLog, OneSetOfClassesServesAllLayersOfAPictureAndTheLastNameOfAClassCounts) {
  Workplace place;
  auto run = place.start();
  ImageOptions image;
  image.boxes = {{"p", {{"box_data", List{}}, {"class_labels", {{"0", "a"}, {"1", "it's"}}}}}};
  ImageMask mask;
  mask.height = 2;
  mask.width = 3;
  mask.class_ids.assign(6, 0);
  mask.class_labels = {{"0", "sky"}, {"2", "car\n\"é\""}};
  image.masks = {{"m", mask}};
  image.classes = {{"3", "own"}, {"0", "heaven"}};
  Table table = table_of({"im"});
  ASSERT_TRUE(table.add_data({Image::from_rgb(kBlack, 2, 3, image)}));
  ASSERT_TRUE(run.log({{"media", table}}));
  run.finish();
  const auto artifact = artifacts_of(run).at(0);
  EXPECT_EQ(entry_of(artifact, "media/classes/4d868bd138e0ab2976f755a717e50a8e_cls.classes.json"),
            R"({"_type": "classes", "class_set": [{"id": 0, "name": "heaven"}, )"
            R"({"id": 1, "name": "it's"}, {"id": 2, "name": "car\n\"\u00e9\""}, )"
            R"({"id": 3, "name": "own"}]})");
}

TEST(TableLog, MediaInCellsHaveTheirFilesInTheArtifact) {
  Workplace place;
  auto run = place.start();
  ImageOptions image;
  image.caption = "c";
  image.classes = {{"0", "a"}};
  image.boxes = {
      {"p",
       {{"box_data",
         List{Value{{"position", {{"minX", 0.1}, {"maxX", 0.2}, {"minY", 0.1}, {"maxY", 0.2}}},
                    {"class_id", 0},
                    {"scores", {{"s", 0.5}}}}}}}}};
  Table table = table_of({"im", "ht"});
  ASSERT_TRUE(
      table.add_data({Image::from_rgb(kBlack, 2, 3, image), Html::from_text("<b>x</b>", false)}));
  ASSERT_TRUE(run.log({{"media", table}}));
  EXPECT_THAT(read_text(run.dir() + "/" + text_of(summary_of(run, "media"), "path")),
              HasSubstr(R"("data":[["Image","Html"]])"));
  run.finish();
  const auto artifact = artifacts_of(run).at(0);
  const std::string text = entry_of(artifact, "media.table.json");
  EXPECT_THAT(text,
              HasSubstr("{\"_type\": \"html-file\", \"path\": "
                        "\"media/html/191d0845e70bcc5f5e6a.html\", \"sha256\": "
                        "\"e31e3a8eedaa655937bfed7e66be6af1ec5b31b3850ac669dedda6c3de453c79\"}"));
  EXPECT_EQ(entry_of(artifact, "media/html/191d0845e70bcc5f5e6a.html"), "<b>x</b>");
  EXPECT_THAT(text,
              HasSubstr("\"boxes\": {\"p\": [{\"class_id\": 0, \"position\": {\"maxX\": 0.2"));
  EXPECT_THAT(text,
              HasSubstr("\"box_layers\": {\"params\": {\"is_set\": false, \"val\": {\"p\": [0]}}"));
  EXPECT_THAT(
      text, HasSubstr("\"class_map\": {\"params\": {\"is_set\": false, \"val\": {\"0\": \"a\"}}"));
  std::string classes;
  for (const auto& entry : artifact.manifest.contents) {
    if (entry.path.rfind("media/classes/", 0) == 0) classes = read_text(entry.local_path);
  }
  EXPECT_EQ(classes, R"({"_type": "classes", "class_set": [{"id": 0, "name": "a"}]})");
}

TEST(TableLog, AnImmutableTableShowsItsFirstState) {
  Workplace place;
  auto run = place.start();
  Table table = table_of({"a"});
  ASSERT_TRUE(table.add_data({1}));
  ASSERT_TRUE(run.log({{"t", table}}));
  const Value first = summary_of(run, "t");
  ASSERT_TRUE(table.add_data({2}));
  ASSERT_TRUE(run.log({{"t", table}}));
  EXPECT_EQ(summary_of(run, "t"), first);
  EXPECT_THAT(place.all_lines(), HasSubstr("IMMUTABLE"));
  run.finish();
  EXPECT_EQ(artifacts_of(run).size(), 1U);
}

TEST(TableLog, AMutableTableIsLoggedAnewAfterAChange) {
  Workplace place;
  auto run = place.start();
  TableOptions options;
  options.log_mode = "MUTABLE";
  Table table = table_of({"a"}, options);
  ASSERT_TRUE(table.add_data({1}));
  ASSERT_TRUE(run.log({{"t", table}}));
  ASSERT_TRUE(run.log({{"t", table}}));
  ASSERT_TRUE(table.add_data({2}));
  ASSERT_TRUE(run.log({{"t", table}}));
  EXPECT_EQ(text_of(summary_of(run, "t"), "nrows"), "2");
  run.finish();
  const auto artifacts = artifacts_of(run);
  ASSERT_EQ(artifacts.size(), 2U);
  EXPECT_EQ(artifacts[0].name, artifacts[1].name);
  EXPECT_THAT(entry_of(artifacts[1], "t.table.json"), HasSubstr("\"data\": [[1], [2]]"));
}

TEST(TableLog, AnIncrementalTableStoresTheRowsThatAreNew) {
  Workplace place;
  auto run = place.start();
  TableOptions options;
  options.log_mode = "INCREMENTAL";
  Table table = table_of({"a"}, options);
  ASSERT_TRUE(table.add_data({1}));
  ASSERT_TRUE(run.log({{"inc", table}}));
  const Value first = summary_of(run, "inc");
  EXPECT_EQ(text_of(first, "_type"), "incremental-table-file");
  EXPECT_EQ(text_of(first, "increment_num"), "0");
  EXPECT_EQ(text_of(first, "previous_increments_paths"), "[]");
  EXPECT_THAT(text_of(first, "artifact_path"), MatchesRegex(".*/None-[0-9]+\\.inc\\.table\\.json"));
  ASSERT_TRUE(table.add_data({2}));
  ASSERT_TRUE(table.add_data({3}));
  ASSERT_TRUE(run.log({{"inc", table}}));
  const Value second = summary_of(run, "inc");
  EXPECT_EQ(text_of(second, "increment_num"), "1");
  EXPECT_EQ(text_of(second, "nrows"), "3");
  EXPECT_EQ(*second.get("previous_increments_paths")->if_list(),
            List{text_of(first, "artifact_path")});
  EXPECT_EQ(read_text(run.dir() + "/" + text_of(second, "path")),
            R"({"columns":["a"],"data":[[2],[3]]})");
  ASSERT_TRUE(run.log({{"inc", table}}));  // nothing is new
  EXPECT_EQ(summary_of(run, "inc"), second);
  run.finish();
  const auto artifacts = artifacts_of(run);
  ASSERT_EQ(artifacts.size(), 2U);
  EXPECT_EQ(artifacts[1].name, "run-" + run.id() + "-incr-inc");
  EXPECT_EQ(artifacts[1].type, "wandb-run-incremental-table");
  EXPECT_TRUE(artifacts[1].incremental);
  const std::string text = read_text(artifacts[1].manifest.contents.at(0).local_path);
  EXPECT_THAT(text, HasSubstr("\"data\": [[2], [3]], \"increment_num\": 1, \"log_mode\": "
                              "\"INCREMENTAL\", \"ncols\": 1, \"nrows\": 2, "
                              "\"previous_increments_paths\": [\"wandb-client-artifact://"));
}

TEST(TableLog, AnIncrementalTableBelongsToOneRun) {
  Workplace place;
  auto first = place.start();
  auto second = place.start();
  TableOptions options;
  options.log_mode = "INCREMENTAL";
  Table table = table_of({"a"}, options);
  ASSERT_TRUE(table.add_data({1}));
  ASSERT_TRUE(first.log({{"t", table}}));
  const auto logged = second.log({{"t", table}});
  ASSERT_FALSE(logged);
  EXPECT_EQ(logged.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(second.step(), 0);
}

TEST(TableLog, RowsBeyondTheLimitsAreCutWithAWarning) {
  Workplace place;
  auto run = place.start();
  Table table = table_of({"a"});
  const std::vector<double> numbers = {1, 2, 3, 4, 5};
  const Span<const double> columns[] = {numbers};
  ASSERT_TRUE(table.add_numbers(columns));
  table.set_limits(2, 4);
  ASSERT_TRUE(run.log({{"t", table}}));
  const Value value = summary_of(run, "t");
  EXPECT_EQ(text_of(value, "nrows"), "5");
  EXPECT_EQ(read_text(run.dir() + "/" + text_of(value, "path")),
            R"({"columns":["a"],"data":[[1.0],[2.0]]})");
  EXPECT_THAT(place.all_lines(), HasSubstr("limit is 4"));
  run.finish();
  EXPECT_THAT(entry_of(artifacts_of(run).at(0), "t.table.json"),
              HasSubstr("\"data\": [[1.0], [2.0], [3.0], [4.0]]"));
}

TEST(TableLog, RowsBeyondTheLimitAreAnErrorIfTheSettingsSaySo) {
  Workplace place;
  auto options = place.options();
  ASSERT_TRUE(options.settings.set("table_raise_on_max_row_limit_exceeded", true));
  auto run = place.start(options);
  Table table = table_of({"a"});
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(table.add_data({i}));
  table.set_limits(10, 2);
  const auto logged = run.log({{"t", table}, {"x", 1}});
  ASSERT_FALSE(logged);
  EXPECT_EQ(logged.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(logged.error().message, HasSubstr("row limit exceeded"));
  EXPECT_EQ(run.step(), 0);
  run.finish();
  EXPECT_TRUE(artifacts_of(run).empty());
}

TEST(TableLog, KeysLinkTablesOfOneArtifact) {
  Workplace place;
  auto run = place.start();
  Table people = table_of({"id", "age"});
  ASSERT_TRUE(people.add_data({"ann", 30}));
  ASSERT_TRUE(people.set_pk("id"));
  Table visits = table_of({"who", "row"});
  ASSERT_TRUE(visits.add_data({"ann", 0}));
  ASSERT_TRUE(visits.set_fk("who", people, "id"));
  ASSERT_TRUE(run.log({{"visits", visits}}));
  run.finish();
  const auto artifact = artifacts_of(run).at(0);
  const std::string text = entry_of(artifact, "visits.table.json");
  EXPECT_THAT(text, HasSubstr("\"who\": {\"params\": {\"col_name\": \"id\", \"table\": "
                              "\"media/tables/"));
  std::string foreign;
  for (const auto& entry : artifact.manifest.contents) {
    if (entry.path.rfind("media/tables/", 0) == 0) foreign = read_text(entry.local_path);
  }
  EXPECT_THAT(foreign, HasSubstr("\"id\": {\"wb_type\": \"primaryKey\"}"));
}

TEST(TableLog, AJoinedTableIsAnArtifactWithBoth) {
  Workplace place;
  auto run = place.start();
  Table a = table_of({"id", "x"}), b = table_of({"id", "y"});
  ASSERT_TRUE(a.add_data({1, 2}));
  ASSERT_TRUE(b.add_data({1, 3}));
  ASSERT_TRUE(run.log({{"j", JoinedTable::create(a, b, {"id"})}}));
  EXPECT_EQ(text_of(summary_of(run, "j"), "_type"), "joined-table");
  run.finish();
  const auto artifact = artifacts_of(run).at(0);
  EXPECT_EQ(artifact.manifest.contents.size(), 3U);
  EXPECT_THAT(entry_of(artifact, "j.joined-table.json"), HasSubstr("\"join_key\": \"id\""));
}

TEST(TableLog, ClassesAreForArtifactsOnly) {
  Workplace place;
  auto run = place.start();
  const auto logged = run.log({{"c", Classes::create({Value{{"id", 0}, {"name", "a"}}})}});
  ASSERT_FALSE(logged);
  EXPECT_EQ(logged.error().code, ErrorCode::kInvalidType);
  EXPECT_EQ(run.step(), 0);
}

}  // namespace
}  // namespace runstone::testing_support
