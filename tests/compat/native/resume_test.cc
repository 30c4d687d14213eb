// Runs that go on from stored ones, and inits that fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <runstone/api.h>
#include <runstone/run.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "outcome.h"
#include "place.h"

namespace native {
namespace {

using runstone::Dict;
using runstone::ErrorCode;
using runstone::Result;
using runstone::Value;
using testing::ElementsAre;

runstone::InitOptions resuming(const std::string& id, const std::optional<std::string>& resume) {
  runstone::InitOptions given = options(id);
  given.resume = resume;
  return given;
}

Result<runstone::Run> init(const std::string& id, const std::optional<std::string>& resume) {
  return runstone::Run::init(resuming(id, resume));
}

TEST(Resume, R1AResumedRunGoesOnAfterItsLastStep) {
  runstone::Run first = must(init("abc", "allow"));
  EXPECT_FALSE(first.resumed());
  must(first.log({{"l", 1}}));
  must(first.log({{"l", 2}}));
  finish(first);
  runstone::Run second = must(init("abc", "must"));
  EXPECT_TRUE(second.resumed());
  EXPECT_EQ(second.step(), 2);
  EXPECT_EQ(second.starting_step(), 2);
  must(second.log({{"l", 3}}));
  finish(second);

  const runstone::PublicRun there = stored("abc");
  EXPECT_THAT(steps_of(there), ElementsAre(0, 1, 2));
  EXPECT_THAT(rows_of(there), ElementsAre(Dict{{"l", 1}}, Dict{{"l", 2}}, Dict{{"l", 3}}));
  EXPECT_EQ(summary_of(there, {"l"}), Value(3));
  EXPECT_EQ(there.state(), "finished");
}

TEST(Resume, R2EachCellOfTheTableOfResume) {
  const auto goes_on = [](const std::string& id, const std::optional<std::string>& resume,
                          bool resumed, std::int64_t step) {
    SCOPED_TRACE(id + ", " + resume.value_or("none"));
    runstone::Run run = must(init(id, resume));
    EXPECT_EQ(run.resumed(), resumed);
    EXPECT_EQ(run.step(), step);
    must(run.log({{"l", step}}));
    finish(run);
  };
  // The id is not there.
  expect_refused(init("absent", "must"), ErrorCode::kFailedPrecondition, "absent");
  runstone::InitOptions without_id = resuming("", "must");
  without_id.id.reset();
  expect_refused(runstone::Run::init(without_id), ErrorCode::kFailedPrecondition, "does not exist");
  expect_refused(must(runstone::Api::open()).run(project() + "/absent"), ErrorCode::kNotFound);
  goes_on("none", std::nullopt, false, 0);
  goes_on("allow", "allow", false, 0);
  goes_on("never", "never", false, 0);
  goes_on("auto", "auto", false, 0);
  // It is there.
  goes_on("none", std::nullopt, false, 0);
  goes_on("allow", "allow", true, 1);
  goes_on("allow", "must", true, 2);
  goes_on("auto", "auto", true, 1);
  expect_refused(init("never", "never"), ErrorCode::kFailedPrecondition, "already exists");
  expect_refused(init("never", "sometimes"), ErrorCode::kInvalidArgument, "sometimes");
  runstone::InitOptions two = resuming("allow", "allow");
  two.fork_from = "never?_step=0";
  expect_refused(runstone::Run::init(two), ErrorCode::kInvalidArgument, "mutually exclusive");
  // Offline nothing is looked up.
  runstone::InitOptions away = resuming("never", "must");
  away.mode = "offline";
  runstone::Run offline = must(runstone::Run::init(away));
  EXPECT_FALSE(offline.resumed());
  finish(offline);

  EXPECT_THAT(steps_of(stored("allow")), ElementsAre(0, 1, 2));
  EXPECT_THAT(steps_of(stored("never")), ElementsAre(0)) << "what was refused changes nothing";
}

TEST(Resume, R3GivenValuesReplaceAndMissingOnesAreTakenFromTheServer) {
  runstone::InitOptions given = options("c");
  given.config = {{"lr", 0.1}, {"old", 1}};
  given.name = "first name";
  given.notes = "first notes";
  given.tags = {"one"};
  given.group = "g";
  given.job_type = "j";
  runstone::Run first = must(runstone::Run::init(given));
  must(first.log({{"l", 1}}));
  must(first.summary().set("by hand", 5));
  finish(first);

  given = resuming("c", "allow");
  given.config = {{"lr", 0.2}};
  runstone::Run second = must(runstone::Run::init(given));
  EXPECT_EQ(second.config().all(), (Dict{{"lr", 0.2}, {"old", 1}}));
  EXPECT_EQ(second.summary().get("l"), Value(1));
  EXPECT_EQ(second.summary().get("by hand"), Value(5));
  EXPECT_EQ(second.name(), "first name");
  EXPECT_EQ(second.notes(), "first notes");
  EXPECT_THAT(second.tags(), ElementsAre("one"));
  EXPECT_EQ(second.group(), "g");
  EXPECT_EQ(second.job_type(), "j");
  finish(second);
  EXPECT_EQ(must(stored("c").config()), (Dict{{"lr", 0.2}, {"old", 1}}));

  given = resuming("c", "must");
  given.name = "second name";
  given.tags = {"two"};
  runstone::Run third = must(runstone::Run::init(given));
  EXPECT_EQ(third.name(), "second name");
  EXPECT_THAT(third.tags(), ElementsAre("two"));
  EXPECT_EQ(third.notes(), "first notes");
  finish(third);
  EXPECT_EQ(stored("c").name(), "second name");
  EXPECT_EQ(stored("c").notes(), "first notes");
  EXPECT_EQ(summary_of(stored("c"), {"by hand"}), Value(5));
}

TEST(Init, E2AfterAFailedInitACorrectOneOfTheSameIdSucceeds) {
  const auto fails = [](const std::function<void(runstone::InitOptions&)>& spoil, ErrorCode code,
                        const std::string& words) {
    SCOPED_TRACE(words);
    runstone::InitOptions wrong = options("same");
    spoil(wrong);
    expect_refused(runstone::Run::init(wrong), code, words);
  };
  fails([](auto& o) { o.resume = "must"; }, ErrorCode::kFailedPrecondition, "does not exist");
  fails([](auto& o) { o.mode = "sideways"; }, ErrorCode::kInvalidArgument, "sideways");
  fails([](auto& o) { o.project = "a/b"; }, ErrorCode::kFailedPrecondition, "project");
  fails([](auto& o) { o.id = "a/b"; }, ErrorCode::kFailedPrecondition, "id");
  fails([](auto& o) { o.tags = {""}; }, ErrorCode::kInvalidArgument, "Tags must be between 1");
  fails([](auto& o) { o.fork_from = "nobody?_step=1"; }, ErrorCode::kUnavailable, "nobody");
  fails([](auto& o) { must(o.settings.set("api_key", std::string(40, '0'))); },
        ErrorCode::kUnauthenticated, "");

  runstone::Run run = must(init("same", "never"));  // no failed one has left it on the server
  must(run.log({{"x", 1}}));
  finish(run);
  EXPECT_THAT(rows_of(stored("same")), ElementsAre(Dict{{"x", 1}}));
}

}  // namespace
}  // namespace native
