#include "sweeps/hyperband.h"

#include <gmock/gmock.h>

#include <cmath>

namespace runstone::sweeps {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

RunProgress progress(const Hyperband& rule, std::initializer_list<double> losses) {
  RunProgress made(rule.brackets);
  for (const double loss : losses) made.add(loss);
  return made;
}

TEST(Hyperband, BracketsAreThoseOfTheConfiguration) {
  EXPECT_EQ(brackets_from_min(3, 3)[0], 3);
  EXPECT_EQ(brackets_from_min(3, 3)[3], 81);
  EXPECT_THAT(brackets_from_max(27, 2, 3), ElementsAre(3, 9));
  EXPECT_THAT(brackets_from_max(5, 10, 3), ElementsAre(1));
}

TEST(Hyperband, EndsAllButTheBestOfABracket) {
  const Hyperband rule{{2, 4}, 2, false};
  const auto good = progress(rule, {3, 1}), middle = progress(rule, {3, 2}),
             bad = progress(rule, {9, 8}), young = progress(rule, {100});
  EXPECT_THAT(runs_to_stop(rule, {{&good, true}, {&middle, true}, {&bad, true}, {&young, true}}),
              ElementsAre(2));
  EXPECT_THAT(runs_to_stop(rule, {{&good, false}, {&middle, false}, {&bad, false}}), IsEmpty());
}

TEST(Hyperband, NobodyEndsBeforeEtaRunsCanBeCompared) {
  const Hyperband rule{{1}, 3, false};
  const auto good = progress(rule, {1}), bad = progress(rule, {2}), worse = progress(rule, {3});
  EXPECT_THAT(runs_to_stop(rule, {{&good, true}, {&bad, true}}), IsEmpty());
  EXPECT_THAT(runs_to_stop(rule, {{&good, true}, {&bad, true}, {&worse, true}}), ElementsAre(1, 2));
}

TEST(Hyperband, ARunAheadOfAllOthersIsComparedWhereTheyHaveBeen) {
  const Hyperband rule{{1, 2, 4}, 2, false};
  const auto good = progress(rule, {1}), bad = progress(rule, {9, 9, 9, 9});
  EXPECT_THAT(runs_to_stop(rule, {{&good, false}, {&bad, true}}), ElementsAre(1));
}

TEST(Hyperband, ARunThatCaughtUpGoesOnUnlessStrict) {
  Hyperband rule{{2}, 2, false};
  const auto good = progress(rule, {1, 1}), late = progress(rule, {9, 9, 0.5});
  EXPECT_THAT(runs_to_stop(rule, {{&good, true}, {&late, true}}), IsEmpty());
  rule.strict = true;
  EXPECT_THAT(runs_to_stop(rule, {{&good, true}, {&late, true}}), ElementsAre(1));
}

TEST(Hyperband, ARunThatLogsNothingButNaNIsAmongTheWorst) {
  const Hyperband rule{{2}, 2, false};
  const auto good = progress(rule, {1, 1}), lost = progress(rule, {NAN, NAN});
  EXPECT_THAT(runs_to_stop(rule, {{&good, true}, {&lost, true}}), ElementsAre(1));
}

}  // namespace
}  // namespace runstone::sweeps
