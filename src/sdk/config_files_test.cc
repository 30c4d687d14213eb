// YAML files of a config, by every road that names one.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/json.h"
#include "sdk/test_run.h"

namespace runstone {
namespace {

using testing::HasSubstr;
using testing_support::Workplace;

/// The working directory is a new one, as config-defaults.yaml is looked for there.
class ConfigFiles : public testing::Test {
 protected:
  ConfigFiles() : before_(std::filesystem::current_path()) {
    std::filesystem::current_path(place.path());
  }
  ~ConfigFiles() override { std::filesystem::current_path(before_); }

  static void write(const char* name, const char* text) { std::ofstream(name) << text; }
  std::string config_of(const InitOptions& options) {
    return json::to_text(Value(place.start(options).config().all()));
  }
  std::string error_of(const InitOptions& options) {
    const auto run = runstone::Run::init(options);
    EXPECT_FALSE(run);
    if (run) return "";
    EXPECT_EQ(run.error().code, ErrorCode::kConfigLocked);
    EXPECT_FALSE(std::filesystem::exists(place.path() + "/runstone"));  // nothing was begun
    return run.error().message;
  }

  Workplace place;

 private:
  std::filesystem::path before_;
};

TEST_F(ConfigFiles, C1_EachWinsOverTheOnesBefore) {
  write("config-defaults.yaml", "a: {value: 1, desc: of the defaults}\nb: 1\nc: 1\nd: 1\ne: 1\n");
  write("given.yaml", "b: 2\nc: 2\nd: 2\ne: 2\n");
  write("first.yaml", "wandb_version: 1\nd: 4\ne: 4\n");
  write("second.yaml", "e: 5\n");
  InitOptions options = place.options();
  ASSERT_TRUE(options.settings.set("config_paths", List{"first.yaml", "second.yaml"}));
  options.config_file = "given.yaml";
  options.config = {{"c", 3}, {"d", 3}, {"e", 3}};
  EXPECT_EQ(config_of(options), R"({"a":1,"b":2,"c":3,"d":4,"e":5})");
}

TEST_F(ConfigFiles, C1_KeysAreChosenAmongThoseThatInitWasGiven) {
  write("config-defaults.yaml", "a: 1\n");
  write("given.yaml", "b: 2\nc: 2\n");
  InitOptions options = place.options();
  options.config_file = "given.yaml";
  options.config_exclude_keys = {"a", "b"};
  EXPECT_EQ(config_of(options), R"({"a":1,"c":2})");
}

TEST_F(ConfigFiles, C1_TheParametersOfASweepAreLocked) {
  write("sweep.yaml", "wandb_version: 1\nlr: {value: 0.25}\n");
  setenv("RUNSTONE_SWEEP_PARAM_PATH", "sweep.yaml", 1);
  InitOptions options = place.options();
  options.config = {{"lr", 0.5}, {"n", 1}};
  runstone::Run run = place.start(options);
  EXPECT_TRUE(run.config().update({{"lr", 0.75}}, true));
  EXPECT_EQ(run.config().get("lr"), Value(0.25));
  EXPECT_THAT(place.all_lines(), HasSubstr("was locked by 'sweep'"));
}

TEST_F(ConfigFiles, C1_TheEnvironmentNamesFilesWithCommas) {
  write("first.yaml", "a: 1\nb: 1\n");
  write("second.yaml", "b: 2\n");
  setenv("RUNSTONE_CONFIG_PATHS", "first.yaml,second.yaml", 1);
  EXPECT_EQ(config_of(place.options()), R"({"a":1,"b":2})");
}

TEST_F(ConfigFiles, C1_AFileThatIsNotThereOrOfAnotherFormEndsInit) {
  InitOptions options = place.options();
  options.config_file = "nowhere.yaml";
  EXPECT_EQ(error_of(options), "the config file nowhere.yaml doesn't exist");
  write("list.yaml", "- 1\n- 2\n");
  options.config_file = "list.yaml";
  EXPECT_THAT(error_of(options), HasSubstr("list.yaml cannot be used: a config is a mapping"));
  options.config_file.reset();
  ASSERT_TRUE(options.settings.set("config_paths", List{"absent.yaml"}));
  EXPECT_THAT(error_of(options), HasSubstr("absent.yaml doesn't exist"));
  options = place.options();
  ASSERT_TRUE(options.settings.set("sweep_param_path", "gone.yaml"));
  EXPECT_THAT(error_of(options), HasSubstr("gone.yaml doesn't exist"));
  options = place.options();
  write("config-defaults.yaml", "a: [1\n");
  EXPECT_THAT(error_of(options), HasSubstr("config-defaults.yaml cannot be used: not YAML"));
  options.config_file = ".";
  write("config-defaults.yaml", "a: 1\n");
  EXPECT_THAT(error_of(options), HasSubstr("the config file . cannot be read"));
}

TEST_F(ConfigFiles, C1_EmptyDefaultsAreToldAndNoError) {
  write("config-defaults.yaml", "# nothing yet\n");
  EXPECT_EQ(config_of(place.options()), "{}");
  EXPECT_THAT(place.all_lines(), HasSubstr("config-defaults.yaml is empty"));
}

TEST_F(ConfigFiles, AFileCanBeReadForALaterUpdate) {
  write("later.yaml", "lr: {value: 1.0e-3}\nlayers: [64, 10]\n");
  runstone::Run run = place.start();
  const auto values = read_config_file("later.yaml");
  ASSERT_TRUE(values);
  EXPECT_TRUE(run.config().update(*values));
  EXPECT_EQ(json::to_text(Value(run.config().all())), R"({"lr":0.001,"layers":[64,10]})");
}

}  // namespace
}  // namespace runstone
