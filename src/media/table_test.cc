// The rules of a table: types, lengths, columns, keys.
#include "runstone/table.h"

#include <gmock/gmock.h>

#include <cmath>
#include <source_location>

#include "base/json.h"
#include "media/json_text.h"

namespace runstone {
namespace {

using testing::HasSubstr;

Table table_of(std::initializer_list<const char*> columns, const TableOptions& options = {}) {
  return *Table::create(columns, options);
}

void expect_error(const Result<void>& result, ErrorCode code, const char* words,
                  std::source_location row = std::source_location::current()) {
  const testing::ScopedTrace trace(row.file_name(), static_cast<int>(row.line()), words);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, code) << result.error().message;
  EXPECT_THAT(result.error().message, HasSubstr(words));
}

TEST(Table, AColumnTakesWhatItsFirstValueWas) {
  Table table = table_of({"n", "s", "b"});
  ASSERT_TRUE(table.add_data({nullptr, nullptr, nullptr}));
  ASSERT_TRUE(table.add_data({1, "x", true}));
  ASSERT_TRUE(table.add_data({2.5, nullptr, false}));
  EXPECT_EQ(table.column_type("n").to_text(), "None or Number");
  EXPECT_EQ(table.column_type("s").to_text(), "None or String");
  EXPECT_EQ(table.column_type("b").to_text(), "Boolean or None");
  expect_error(table.add_data({"text", "y", true}), ErrorCode::kInvalidType, "incompatible types");
  expect_error(table.add_data({true, "y", true}), ErrorCode::kInvalidType, "'n'");
  expect_error(table.add_data({1, "y", 1}), ErrorCode::kInvalidType, "Boolean or None");
  EXPECT_EQ(table.row_count(), 3U);
}

TEST(Table, ARowOfAnotherLengthIsRefused) {
  Table table = table_of({"a", "b"});
  expect_error(table.add_data({1}), ErrorCode::kInvalidArgument, "expects 2 columns");
  expect_error(table.add_data({1, 2, 3}), ErrorCode::kInvalidArgument, "found 3");
}

TEST(Table, ARowWithOneWrongCellChangesNoColumn) {
  Table table = table_of({"a", "b"});
  ASSERT_TRUE(table.add_data({nullptr, 1}));
  ASSERT_FALSE(table.add_data({"x", "wrong"}));
  EXPECT_EQ(table.column_type("a").to_text(), "None or Unknown");
  ASSERT_TRUE(table.add_data({2, 3}));
  EXPECT_EQ(json::to_text(*table.get_column("a")), "[null,2]");
}

TEST(Table, MixedTypesAndRequiredValues) {
  TableOptions mixed;
  mixed.allow_mixed_types = true;
  Table any = table_of({"a"}, mixed);
  ASSERT_TRUE(any.add_data({1}));
  ASSERT_TRUE(any.add_data({"x"}));
  ASSERT_TRUE(any.add_data({nullptr}));
  EXPECT_EQ(any.column_type("a").to_text(), "Any or None");
  TableOptions required;
  required.optional = {false};
  Table strict = table_of({"a"}, required);
  expect_error(strict.add_data({nullptr}), ErrorCode::kInvalidType, "Unknown");
  expect_error(strict.add_data({std::nan("")}), ErrorCode::kInvalidType, "None");
  ASSERT_TRUE(strict.add_data({1}));
}

TEST(Table, DeclaredTypesAreCheckedFromTheStart) {
  TableOptions options;
  options.types = {ColumnType::number(), ColumnType::list_of(ColumnType::string())};
  Table table = table_of({"a", "b"}, options);
  expect_error(table.add_data({"x", List{"a"}}), ErrorCode::kInvalidType, "Number");
  expect_error(table.add_data({1, List{1}}), ErrorCode::kInvalidType, "String[]");
  ASSERT_TRUE(table.add_data({1, Value(List{"a", "b"})}));
  options.types.pop_back();
  options.types.push_back(ColumnType::number());
  options.types.push_back(ColumnType::number());
  EXPECT_EQ(Table::create({"a", "b"}, options).error().code, ErrorCode::kOutOfRange);
}

TEST(Table, ColumnsHaveDifferentNamesOfTextOrNumbers) {
  EXPECT_EQ(Table::create({"a", "a"}).error().code, ErrorCode::kOutOfRange);
  EXPECT_EQ(Table::create(List{1.5}).error().code, ErrorCode::kOutOfRange);
  Table table = *Table::create(List{0, 1});
  ASSERT_TRUE(table.add_data({1, 2}));
  EXPECT_EQ(json::to_text(*table.get_column(1)), "[2]");
  EXPECT_EQ(table.get_column("1").error().code, ErrorCode::kOutOfRange);
}

TEST(Table, AddColumnNeedsTheLengthOfTheTable) {
  Table table = table_of({});
  const std::vector<double> numbers = {1, 2};
  ASSERT_TRUE(table.add_column("a", Span<const double>(numbers)));
  EXPECT_EQ(table.row_count(), 2U);
  const std::vector<std::string> texts = {"x"};
  expect_error(table.add_column("b", Span<const std::string>(texts)), ErrorCode::kOutOfRange,
               "Expected length 2, found 1");
  expect_error(table.add_column("a", Span<const double>(numbers)), ErrorCode::kOutOfRange,
               "already");
  const std::vector<Cell> cells = {1, "x"};
  expect_error(table.add_column("c", Span<const Cell>(cells)), ErrorCode::kInvalidType, "cast");
  EXPECT_EQ(table.columns(), List{"a"});
  const std::vector<Cell> with_none = {1, nullptr};
  expect_error(table.add_column("d", Span<const Cell>(with_none)), ErrorCode::kInvalidType, "null");
  ASSERT_TRUE(table.add_column("d", Span<const Cell>(with_none), true));
}

TEST(Table, ComputedColumnsComeFromEachRow) {
  Table table = table_of({"x", "y"});
  ASSERT_TRUE(table.add_data({3, 1}));
  ASSERT_TRUE(table.add_data({4, 6}));
  ASSERT_TRUE(table.add_computed_columns([](std::size_t index, const Dict& row) {
    return Dict{{"diff", row.find("x")->int_or(0) - row.find("y")->int_or(0)}, {"i", index}};
  }));
  EXPECT_EQ(json::to_text(*table.get_column("diff")), "[2,-2]");
  EXPECT_EQ(json::to_text(*table.get_column("i")), "[0,1]");
}

TEST(Table, AnIncrementalTableTakesRowsOnly) {
  TableOptions options;
  options.log_mode = "INCREMENTAL";
  Table table = table_of({"a"}, options);
  const std::vector<double> none;
  expect_error(table.add_column("b", Span<const double>(none)), ErrorCode::kFailedPrecondition,
               "INCREMENTAL");
  expect_error(table.add_computed_columns([](std::size_t, const Dict&) { return Dict(); }),
               ErrorCode::kFailedPrecondition, "add_computed_columns");
  options.log_mode = "WHATEVER";
  EXPECT_EQ(Table::create({"a"}, options).error().code, ErrorCode::kOutOfRange);
}

TEST(Table, CastChecksWhatIsThere) {
  Table table = table_of({"a"});
  ASSERT_TRUE(table.add_data({1}));
  expect_error(table.cast("a", ColumnType::string()), ErrorCode::kInvalidType, "cannot be cast");
  ASSERT_TRUE(table.cast("a", ColumnType::number()));
  EXPECT_EQ(table.column_type("a").to_text(), "Number");
  expect_error(table.cast("z", ColumnType::number()), ErrorCode::kOutOfRange, "no column");
}

TEST(Table, KeysAreKeptAndAreOne) {
  Table table = table_of({"id", "other"});
  ASSERT_TRUE(table.add_data({"a", "b"}));
  ASSERT_TRUE(table.set_pk("id"));
  expect_error(table.set_pk("other"), ErrorCode::kOutOfRange, "multiple primary keys");
  expect_error(table.cast("id", ColumnType::string()), ErrorCode::kOutOfRange, "unset");
  expect_error(table.set_fk("other", table, "id"), ErrorCode::kOutOfRange, "same table");
  Table visits = table_of({"who"});
  ASSERT_TRUE(visits.add_data({"a"}));
  expect_error(visits.set_fk("who", table, "nobody"), ErrorCode::kOutOfRange, "no column");
  ASSERT_TRUE(visits.set_fk("who", table, "id"));
  expect_error(visits.add_data({1}), ErrorCode::kInvalidType, "Foreignkey");
}

TEST(Table, TablesAreEqualByColumnsTypesAndCells) {
  Table a = table_of({"x"}), b = table_of({"x"}), c = table_of({"y"});
  EXPECT_EQ(a, b);
  EXPECT_NE(a, c);
  ASSERT_TRUE(a.add_data({1}));
  EXPECT_NE(a, b);
  ASSERT_TRUE(b.add_data({1.0}));
  EXPECT_EQ(a, b);
  const std::vector<std::uint8_t> black(3, 0);
  Table with_image = table_of({"i"}), same = table_of({"i"});
  ASSERT_TRUE(with_image.add_data({Image::from_rgb(black, 1, 1)}));
  ASSERT_TRUE(same.add_data({Image::from_rgb(black, 1, 1)}));
  EXPECT_EQ(with_image, same);
}

TEST(Table, ACellOfAFailedMediaIsItsError) {
  Table table = table_of({"i"});
  expect_error(table.add_data({Image::from_file("/no/such.png")}), ErrorCode::kNotFound, "no such");
  EXPECT_EQ(table.row_count(), 0U);
  const std::vector<std::uint8_t> black(3, 0);
  ASSERT_TRUE(table.add_data({Image::from_rgb(black, 1, 1)}));
  EXPECT_EQ(table.media_at(0, "i").type(), "image-file");
  EXPECT_EQ(json::to_text(*table.get_column("i")), R"(["Image"])");
}

TEST(ColumnType, ReadsWhatItWrites) {
  const ColumnType type = ColumnType::optional(
      ColumnType::one_of({ColumnType::number(), ColumnType::list_of(ColumnType::timestamp()),
                          ColumnType::media("audio-file"), ColumnType::media("image-file")}));
  const auto read = ColumnType::from_json(type.to_json());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, type);
  EXPECT_FALSE(ColumnType::from_json(Value{{"type", "number"}}));
}

std::string spelled(double number, media::JsonText::Form form) {
  media::JsonText text(form);
  text.add_double(number);
  return std::move(text).take();
}

TEST(JsonText, SpellsNumbersAsTheStockClientDoes) {
  using Form = media::JsonText::Form;
  const std::tuple<double, const char*, const char*> rows[] = {
      {1e16, "1e+16", "1e+16"},
      {1e15, "1000000000000000.0", "1000000000000000.0"},
      {123456789012345680.0, "1.2345678901234568e+17", "1.2345678901234568e+17"},
      {1e-7, "1e-7", "1e-07"},
      {1e22, "1e+22", "1e+22"},
      {1.5e-5, "0.000015", "1.5e-05"},
      {0.1, "0.1", "0.1"},
      {0.0001, "0.0001", "0.0001"},
      {-0.0, "-0.0", "-0.0"},
      {1e300, "1e+300", "1e+300"},
      {5e-324, "5e-324", "5e-324"},
      {100, "100.0", "100.0"},
      {12.5, "12.5", "12.5"}};
  for (const auto& [number, compact, artifact] : rows) {
    EXPECT_EQ(spelled(number, Form::kCompact), compact);
    EXPECT_EQ(spelled(number, Form::kArtifact), artifact);
  }
  EXPECT_EQ(spelled(std::nan(""), Form::kCompact), "NaN");
  EXPECT_EQ(spelled(std::nan(""), Form::kArtifact), "null");
}

TEST(JsonText, TextIsUtf8InFilesAndAsciiInArtifacts) {
  for (const auto& [form, wanted] :
       {std::pair(media::JsonText::Form::kCompact,
                  "\"é\\n\x7f\xf0\x9f\x98\x80\xef\xbf\xbd\\u0001\""),
        std::pair(media::JsonText::Form::kArtifact,
                  "\"\\u00e9\\n\\u007f\\ud83d\\ude00\\ufffd\\u0001\"")}) {
    media::JsonText text(form);
    text.add_string("é\n\x7f😀\xff\x01");
    EXPECT_EQ(std::move(text).take(), wanted);
  }
}

}  // namespace
}  // namespace runstone
