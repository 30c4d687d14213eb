// The acceptance programs of a run's own files: A13 and A14 (its code), A15 (saved files).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <runstone/artifact.h>
#include <runstone/run.h>

#include <filesystem>
#include <string>
#include <vector>

#include "outcome.h"
#include "place.h"

namespace native {
namespace {

namespace fs = std::filesystem;
using runstone::Artifact;
using runstone::PublicRun;
using testing::UnorderedElementsAre;

void write_a_project() {
  for (const char* path :
       {"module.py", "package/inner.py", "cache/generated.py", "notes.ipynb", "requirements.txt",
        "Dockerfile.gpu", "readme.md", "src/solver.cc", "scripts/main.py"}) {
    write(path, std::string("content of ") + path);
  }
}

/// The one artifact that the run logged: the files of its code.
std::vector<std::string> code_of(const PublicRun& run) {
  const std::vector<Artifact> logged = must(run.logged_artifacts().rest());
  if (logged.size() != 1) return {"artifacts: " + std::to_string(logged.size())};
  EXPECT_EQ(logged[0].type(), "code");
  EXPECT_EQ(must(logged[0].collection()).rfind("source-", 0), 0u) << logged[0].name();
  must(logged[0].verify(must(logged[0].download())));
  const auto config = must(run.raw_config());
  EXPECT_EQ(config.find("_wandb")->get("code_path")->string_or(""), must(logged[0].collection()));
  std::vector<std::string> paths;
  for (const auto& entry : must(logged[0].entries())) paths.push_back(entry.path);
  return paths;
}

TEST(Acceptance, A13TheCodeOfTheProgram) {
  in_both_modes({[](runstone::Run& run) {
                   write_a_project();
                   EXPECT_TRUE(must(run.log_code()).has_value());
                 },
                 [](const PublicRun& run) {
                   EXPECT_THAT(
                       code_of(run),
                       UnorderedElementsAre("module.py", "package/inner.py", "cache/generated.py",
                                            "requirements.txt", "Dockerfile.gpu", "src/solver.cc",
                                            "scripts/main.py"))
                       << "C++ takes its own language's sources, too; no file of a run";
                 }});
}

TEST(Acceptance, A14TheCodeThatFunctionsChoose) {
  const auto include = [](const std::string& path, const std::string&) {  // of the path alone
    return fs::path(path).is_absolute() &&
           (fs::path(path).extension() == ".py" || fs::path(path).extension() == ".ipynb");
  };
  const auto exclude = [](const std::string& path, const std::string& root) {  // of both
    return fs::path(path).lexically_relative(root).string().rfind("cache/", 0) == 0;
  };
  const auto program = [&](runstone::Run& run) {
    write_a_project();
    const fs::path here = fs::current_path();
    fs::current_path("scripts");
    EXPECT_TRUE(must(run.log_code("../", "", include, exclude)).has_value());
    const auto none = [](const std::string&, const std::string&) { return false; };
    EXPECT_FALSE(must(run.log_code("../", "", none)).has_value()) << "no file: nothing";
    fs::current_path(here);
  };
  in_both_modes({program, [](const PublicRun& run) {
                   EXPECT_THAT(code_of(run),
                               UnorderedElementsAre("module.py", "package/inner.py", "notes.ipynb",
                                                    "scripts/main.py"));
                 }});
}

TEST(Acceptance, A15SavedFilesAtTheirPlaces) {
  const auto program = [](runstone::Run& run) {
    for (const char* path : {"these/are/f/one.txt", "these/are/f/two.txt", "u/n/run1/log.txt",
                             "files/a/saveme.txt", "files/b/saveme.txt"}) {
      write(path, std::string("content of ") + path);
    }
    const auto based_on = [](const std::string& base) {
      runstone::SaveOptions options;
      options.base_path = base;
      return options;
    };
    const fs::path here = fs::current_path();
    must(run.save("these/are/f/*"));
    must(run.save("these/are/f/*", based_on("these")));
    must(run.save((here / "u/n/run1/*.txt").string()));
    must(run.save((here / "u/n/run1/*.txt").string(), based_on((here / "u").string())));
    const auto paths = must(run.save("files/*/saveme.txt"));
    EXPECT_THAT(paths, testing::ElementsAre(run.dir() + "/files/a/saveme.txt",
                                            run.dir() + "/files/b/saveme.txt"));
  };
  in_both_modes({program, [](const PublicRun& run) {
                   std::vector<std::string> saved;
                   for (const std::string& name : file_names_of(run)) {
                     if (name.find('/') != std::string::npos) saved.push_back(name);
                   }
                   EXPECT_THAT(
                       saved, UnorderedElementsAre("these/are/f/one.txt", "these/are/f/two.txt",
                                                   "are/f/one.txt", "are/f/two.txt", "run1/log.txt",
                                                   "n/run1/log.txt", "files/a/saveme.txt",
                                                   "files/b/saveme.txt"));
                   EXPECT_EQ(file_of(run, "are/f/two.txt"), "content of these/are/f/two.txt");
                   EXPECT_EQ(file_of(run, "n/run1/log.txt"), "content of u/n/run1/log.txt");
                   EXPECT_EQ(file_of(run, "files/b/saveme.txt"), "content of files/b/saveme.txt");
                 }});
}

}  // namespace
}  // namespace native
