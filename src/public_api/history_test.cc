#include <gmock/gmock.h>

#include <chrono>
#include <cmath>
#include <future>
#include <limits>

#include "public_api/test_server.h"
#include "runstone/api.h"

namespace runstone::public_api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A run with a row {"_step": s, "v": s} at each of these steps.
class StoredRun {
 public:
  explicit StoredRun(std::vector<std::int64_t> steps) : steps_(std::move(steps)) {
    server.has_run();
    server.data("RunHistoryKeys", R"({"project":{"run":{"historyKeys":{"lastStep":)" +
                                      std::to_string(steps_.empty() ? -1 : steps_.back()) +
                                      R"(,"keys":{"v":{"typeCounts":[{"type":"number"}]}}}}}})");
    server.on("HistoryPage", [this](const Value& asked) {
      std::string lines;
      for (const auto step :
           within(asked.get("minStep")->int_or(0), asked.get("maxStep")->int_or(0))) {
        if (!lines.empty()) lines += ",";
        json::append_string(lines, row(step));
      }
      return answer("\"history\":[" + lines + "]");
    });
    server.on("RunSampledHistory", [this](const Value& asked) {
      const auto spec = json::parse(asked.get("specs")->if_list()->at(0).string_or("")).value();
      std::string rows;
      for (const auto step :
           within(spec.get("minStep")->int_or(0), spec.get("maxStep")->int_or(0) + 1)) {
        rows += (rows.empty() ? "" : ",") + row(step);
      }
      return answer("\"sampledHistory\":[[" + rows + "]]");
    });
  }
  Result<HistoryScan> scan(const ScanOptions& options) {
    return server.api().run("p/r")->scan_history(options);
  }
  static std::vector<std::int64_t> values(const std::vector<Dict>& rows) {
    std::vector<std::int64_t> found;
    for (const Dict& row : rows) found.push_back(row.find("v")->int_or(-1));
    return found;
  }

  TestServer server;

 private:
  static std::string row(std::int64_t step) {
    return "{\"_step\":" + std::to_string(step) + ",\"v\":" + std::to_string(step) + "}";
  }
  static net::ScriptedAnswer answer(const std::string& field) {
    return {.body = "{\"data\":{\"project\":{\"run\":{" + field + "}}}}"};
  }
  std::vector<std::int64_t> within(std::int64_t begin, std::int64_t end) const {
    std::vector<std::int64_t> found;
    for (const auto step : steps_) {
      if (step >= begin && step < end) found.push_back(step);
    }
    return found;
  }
  const std::vector<std::int64_t> steps_;
};

TEST(HistoryScan, PA1_EveryRowComesOnceInOrderWhateverThePagesSize) {
  std::vector<std::int64_t> steps;
  for (int i = 0; i < 100; ++i) steps.push_back(i * 3);
  StoredRun run(steps);
  for (const std::int64_t size : {1, 7, 100, 100'000}) {
    auto scan = run.scan({.page_size = size});
    EXPECT_EQ(StoredRun::values(scan->rest().value()), steps) << size;
    auto by_keys = run.scan({.keys = {"v"}, .page_size = size});
    EXPECT_EQ(StoredRun::values(by_keys->rest().value()), steps) << size;
  }
  auto some = run.scan({.page_size = 10, .min_step = 6, .max_step = 16});
  EXPECT_THAT(StoredRun::values(some->rest().value()), ElementsAre(6, 9, 12, 15));
  EXPECT_EQ(run.scan({.page_size = 0}).error().code, ErrorCode::kInvalidArgument);
}

TEST(HistoryScan, StepsThatLieFarApartCostFewRequests) {
  StoredRun run({0, 1'000'000'000, 2'000'000'000, 9'000'000'000'000});
  auto scan = run.scan({.page_size = 1000});
  EXPECT_EQ(scan->rest()->size(), 4u);
  EXPECT_LT(run.server.asked("HistoryPage").size(), 30u);
}

TEST(HistoryScan, ARunWithoutRowsAsksForNone) {
  StoredRun run({});
  EXPECT_EQ(run.scan({})->rest()->size(), 0u);
  EXPECT_TRUE(run.server.asked("HistoryPage").empty());
}

TEST(HistoryScan, ARunThatIsDeletedMeanwhileIsNotFound) {
  StoredRun run({0, 1, 2, 3});
  auto scan = run.scan({.page_size = 1});
  ASSERT_EQ(scan->next()->size(), 1u);
  run.server.data("HistoryPage", R"({"project":{"run":null}})");
  Result<std::vector<Dict>> page = scan->next();
  while (page && !page->empty()) page = scan->next();
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code, ErrorCode::kNotFound);
}

TEST(HistoryScan, AfterAnErrorTheSamePageCanBeAskedForAgain) {
  StoredRun run({0, 1, 2, 3, 4});
  int refusals = 0;
  auto scan = run.scan({.keys = {"v"}, .page_size = 5});
  run.server.on("RunSampledHistory", [&](const Value&) -> net::ScriptedAnswer {
    if (++refusals == 1) return {.status = 403};
    return {.body = R"({"data":{"project":{"run":{"sampledHistory":[[{"_step":0,"v":7}]]}}}})"};
  });
  EXPECT_EQ(scan->next().error().code, ErrorCode::kPermissionDenied);
  EXPECT_THAT(StoredRun::values(scan->next().value()), ElementsAre(7));
}

TEST(HistoryScan, AnAnswerTooLargeIsAskedForInPieces) {
  StoredRun run({0, 1, 2, 3, 4, 5, 6, 7});
  const std::string wide(40u << 20, 'x');  // two such rows are past what one answer may have
  run.server.on("HistoryPage", [&](const Value& asked) -> net::ScriptedAnswer {
    const auto begin = asked.get("minStep")->int_or(0), end = asked.get("maxStep")->int_or(0);
    std::string lines;
    for (auto step = begin; step < end; ++step) {
      lines += (lines.empty() ? "" : ",") + std::string("\"{\\\"v\\\":") + std::to_string(step) +
               ",\\\"w\\\":\\\"" + wide + "\\\"}\"";
    }
    return {.body = "{\"data\":{\"project\":{\"run\":{\"history\":[" + lines + "]}}}}"};
  });
  auto scan = run.scan({.page_size = 8, .max_step = 2});
  std::vector<std::int64_t> found;
  for (;;) {
    auto page = scan->next();
    ASSERT_TRUE(page) << page.error().message;
    if (page->empty()) break;
    for (const auto value : StoredRun::values(*page)) found.push_back(value);
  }
  EXPECT_THAT(found, ElementsAre(0, 1));
}

TEST(HistoryScan, CanBeDroppedWhileTheNextPageIsUnderWay) {
  StoredRun run({0, 1});
  std::promise<void> under_way;
  run.server.on("HistoryPage", [&](const Value& asked) -> net::ScriptedAnswer {
    if (asked.get("minStep")->int_or(0) == 0) {
      return {.body = R"({"data":{"project":{"run":{"history":["{\"v\":0}"]}}}})"};
    }
    under_way.set_value();
    return {.kind = net::ScriptedAnswer::Kind::kHang};
  });
  const auto start = std::chrono::steady_clock::now();
  {
    auto scan = run.scan({.page_size = 1});
    ASSERT_EQ(scan->next()->size(), 1u);
    under_way.get_future().wait();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start,
            std::chrono::seconds(4));  // of a timeout of 5
}

TEST(History, NumbersThatPlainJsonLacksAreTakenFromTextsOfNumericKeys) {
  StoredRun run({0, 1});
  run.server.data(
      "RunHistoryKeys",
      R"({"project":{"run":{"historyKeys":{"lastStep":1,"keys":{)"
      R"("v":{"typeCounts":[{"type":"number","count":2}]},)"
      R"("s":{"typeCounts":[{"type":"string","count":1},{"type":"number","count":1}]}}}}}})");
  run.server.data("RunSampledHistory",
                  R"({"project":{"run":{"sampledHistory":[[{"v":"NaN","s":"NaN"},)"
                  R"({"v":"-Infinity","s":3},{"v":"Infinity","s":"x"}]]}}})");
  const auto rows = run.server.api().run("p/r")->history({.keys = {"v", "s"}}).value();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_TRUE(std::isnan(rows[0].find("v")->number_or(0)));
  EXPECT_EQ(rows[1].find("v")->number_or(0), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(rows[2].find("v")->number_or(0), std::numeric_limits<double>::infinity());
  EXPECT_EQ(rows[0].find("s")->string_or(""), "NaN");  // texts were logged under this key
}

TEST(History, RowsKeepWideIntegersAndNaN) {
  StoredRun run({0});
  run.server.data("RunFullHistory",
                  R"({"project":{"run":{"history":["{\"a\":9007199254740993,\"b\":NaN,\"c\":)"
                  R"(-Infinity,\"d.e\":1,\"d\":{\"e\":2}}"]}}})");
  const auto rows = run.server.api().run("p/r")->history();
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->at(0).find("a")->int_or(0), 9007199254740993);
  EXPECT_TRUE(std::isnan(rows->at(0).find("b")->number_or(0)));
  const auto columns = to_columns(*rows);
  std::vector<std::string> names;
  for (const auto& column : columns) names.push_back(column.name);
  EXPECT_THAT(names, ElementsAre("a", "b", "c", "d\\.e", "d.e"));
  EXPECT_EQ(columns[0].type, HistoryColumn::Type::kInt);
  EXPECT_EQ(columns[0].ints[0], 9007199254740993);
}

TEST(History, WrongOptionsAreRefusedBeforeAnythingIsAsked) {
  StoredRun run({0});
  const auto stored = run.server.api().run("p/r");
  EXPECT_EQ(stored->history({.samples = 0}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(stored->history({.stream = "other"}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(stored->history({.keys = {"a"}, .stream = "system"}).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_TRUE(run.server.asked("RunFullHistory").empty());
}

TEST(Columns, TypesFollowTheValues) {
  const auto columns = to_columns({
      {{"i", 1}, {"mix", 1}, {"t", "a"}, {"b", true}, {"w", 9007199254740993}, {"l", List{1, 2}}},
      {{"i", 2}, {"mix", "x"}, {"d", 0.5}, {"w", 0.5}, {"m", Dict{{"_type", "image-file"}}}},
  });
  std::map<std::string, const HistoryColumn*> by_name;
  for (const auto& column : columns) by_name[column.name] = &column;
  using Type = HistoryColumn::Type;
  EXPECT_EQ(by_name["i"]->type, Type::kInt);
  EXPECT_EQ(by_name["d"]->type, Type::kDouble);
  EXPECT_TRUE(std::isnan(by_name["d"]->doubles[0]) && !by_name["d"]->has_value[0]);
  EXPECT_EQ(by_name["b"]->type, Type::kBool);
  EXPECT_THAT(by_name["mix"]->texts, ElementsAre("1", "x"));
  EXPECT_THAT(by_name["w"]->texts, ElementsAre("9007199254740993", "0.5"));  // no double holds both
  EXPECT_EQ(by_name["l"]->texts[0], "[1,2]");
  EXPECT_EQ(by_name["m"]->texts[1], R"({"_type":"image-file"})");
}

}  // namespace
}  // namespace runstone::public_api
