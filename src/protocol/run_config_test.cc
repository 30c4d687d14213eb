#include "protocol/run_config.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace runstone::protocol {
namespace {

void define(MetricTable& table, const char* name, const MetricOptions& options) {
  const auto change = parse_metric_change(name, options);
  ASSERT_TRUE(change) << change.error().message;
  table.define(*change);
}

MetricOptions with_summary(const char* ops) {
  MetricOptions options;
  options.summary = ops;
  return options;
}

TEST(RunConfig, DF5TheDefinitionsOfTheFormatsExample) {
  MetricTable table;
  define(table, "loss", with_summary("min"));
  MetricOptions by_epoch;
  by_epoch.step_metric = "ep";
  define(table, "val/*", by_epoch);
  EXPECT_EQ(json::to_text(Value(metric_definitions_json(table))),
            R"([{"1":"loss","6":[3],"7":[1]},{"2":"val/*","5":3,"6":[1],"7":[]},)"
            R"({"1":"ep","6":[],"7":[]}])");
}

TEST(RunConfig, CopyMeansNoOperationAndIsNotTold) {
  MetricTable table;
  define(table, "a", with_summary("copy"));
  define(table, "b", with_summary("copy,max"));
  EXPECT_EQ(json::to_text(Value(metric_definitions_json(table))),
            R"([{"1":"a","6":[3],"7":[]},{"1":"b","6":[3],"7":[2]}])");
}

}  // namespace
}  // namespace runstone::protocol
