#include "sdk/end_report.h"

#include <gmock/gmock.h>

#include <limits>

namespace runstone {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(EndReport, ASparklineSpansFromTheLeastToTheGreatest) {
  EXPECT_EQ(sparkline({0, 1, 2, 3, 4, 5, 6, 7}), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(sparkline({1, 1}), "▁▁");
  EXPECT_EQ(sparkline({3, std::numeric_limits<double>::quiet_NaN(), 1}), "█▁");
  EXPECT_EQ(sparkline({}), "");
}

TEST(EndReport, ASparklineOfManyKeepsTheLast) {
  std::vector<double> values(1000, 0.0);
  values.back() = 1;
  const std::string drawn = sparkline(values, 4);
  EXPECT_EQ(drawn, "▁▁▁█");
}

TEST(EndReport, ASketchStaysSmallAndKeepsTheShape) {
  MetricSketch sketch;
  for (int i = 0; i < 100'000; ++i) sketch.add("rises", i);
  sketch.add("a", 1);
  const auto lines = sketch.lines(10);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "  a     ▁");
  EXPECT_EQ(lines[1].substr(0, 11), "  rises ▁");
  EXPECT_EQ(lines[1].substr(lines[1].size() - 3), "█");
  EXPECT_EQ(sketch.lines(1).size(), 1u);
}

TEST(EndReport, ASummaryIsATableOfWhatIsShort) {
  const Dict summary{{"loss", 0.123456789},
                     {"_step", 3},
                     {"acc", Dict{{"max", 1}}},
                     {"img", Dict{{"_type", "image-file"}}},
                     {"note", "fine"}};
  EXPECT_THAT(summary_lines(summary, 10),
              ElementsAre("  acc.max 1", "  loss    0.12346", "  note    fine"));
  EXPECT_THAT(summary_lines(summary, 1), ElementsAre("  acc.max 1", "  ... and 2 more"));
  EXPECT_THAT(summary_lines(summary, 0), IsEmpty());
}

}  // namespace
}  // namespace runstone
