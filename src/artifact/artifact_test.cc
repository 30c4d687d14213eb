#include "runstone/artifact.h"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "artifact/manifest.h"
#include "base/json.h"
#include "base/random_id.h"

namespace runstone {
namespace {

namespace stdfs = std::filesystem;
using testing::HasSubstr;

class ArtifactTest : public testing::Test {
 protected:
  ArtifactTest() {
    folder_ = stdfs::temp_directory_path() / ("runstone-artifact-" + random_id(8));
    stdfs::create_directories(folder_ / "in/sub");
    setenv("RUNSTONE_DATA_DIR", (folder_ / "data").c_str(), 1);
    write("in/a.txt", "hello\n");
    write("in/sub/b.txt", "world\n");
    write("hello.txt", "hello\n");
  }
  ~ArtifactTest() override {
    unsetenv("RUNSTONE_DATA_DIR");
    stdfs::remove_all(folder_);
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
  }
  static AddDirOptions in_folder(const std::string& name) {
    AddDirOptions options;
    options.name = name;
    return options;
  }
  static Artifact draft() { return *Artifact::create("ds", "dataset"); }

  stdfs::path folder_;
};

TEST_F(ArtifactTest, AR1_DF2DigestsAreThoseOfTheFormat) {
  EXPECT_EQ(draft().digest(), "64e7c61456b10382e2f3b571ac24b659");
  Artifact one = draft();
  ASSERT_TRUE(one.add_file(path("hello.txt")));
  EXPECT_EQ(one.entries()->at(0).digest, "sZRqySSS0jR8YjW00mERhA==");
  EXPECT_EQ(one.digest(), "646850bf3b1463160ba8676bfb654546");
  EXPECT_EQ(one.size_bytes(), 6u);
  Artifact folder = draft();
  ASSERT_TRUE(folder.add_dir(path("in")));
  EXPECT_EQ(folder.digest(), "88826422d4caa571ae881921b657ae34");
  Artifact below = draft();
  ASSERT_TRUE(below.add_dir(path("in"), in_folder("pre")));
  EXPECT_EQ(below.digest(), "b0bd6833efa05926c7c812644fc105b1");
  Artifact made = draft();
  ASSERT_TRUE(made.add_bytes("hello.txt", "hello\n"));
  ASSERT_TRUE(made.add_bytes("n/new.txt", "hello\n"));
  EXPECT_EQ(made.digest(), "c0b400589d77d683ce98792182c686f3");
  Artifact order = draft();
  for (const char* name : {"dir/a.txt", "b.txt"}) ASSERT_TRUE(order.add_bytes(name, "hello\n"));
  ASSERT_TRUE(order.add_bytes("Z.txt", ""));
  EXPECT_EQ(order.digest(), "d1c3d8d5ca94af28b29f276161c59e7e");
  Artifact reference = draft();
  ASSERT_TRUE(reference.add_reference("s3://bucket/key", "k", false));
  EXPECT_EQ(reference.digest(), "92d55337088b1f65dba360a0e78ecd55");
  ASSERT_TRUE(reference.remove("k"));
  ASSERT_TRUE(reference.add_entry(
      {"model.bin", "9b2cf535f27731c974343645a3985328", "s3://b/model.bin", 1, ""}));
  EXPECT_EQ(reference.digest(), "12a25f040009a37d327f4ac9a52290b8");
}

TEST_F(ArtifactTest, AFileReferenceHasTheDigestOfTheContentOrOfItsAddress) {
  Artifact artifact = draft();
  const auto entries = artifact.add_reference("file://" + path("hello.txt"));
  ASSERT_TRUE(entries);
  EXPECT_EQ(entries->at(0).digest, "sZRqySSS0jR8YjW00mERhA==");
  EXPECT_EQ(entries->at(0).ref, "file://" + path("hello.txt"));
  EXPECT_EQ(artifact::md5_base64("file:///data/hello.txt"), "6b6Xsx4qIheQjgQutb/gLw==");
  EXPECT_EQ(artifact.add_reference("file://" + path("in"), "pre")->size(), 2u);
  EXPECT_FALSE(artifact.add_reference("file://" + path("in"), "", true, 1));
}

TEST_F(ArtifactTest, AR2WrongInputIsRefused) {
  for (const char* name : {"", "a b", "a/b", "a:b"})
    EXPECT_FALSE(Artifact::create(name, "t")) << name;
  EXPECT_FALSE(Artifact::create(std::string(129, 'a'), "t"));
  EXPECT_TRUE(Artifact::create(std::string(128, 'a'), "t"));
  EXPECT_FALSE(Artifact::create("a", "job"));
  EXPECT_FALSE(Artifact::create("a", "wandb-x"));
  EXPECT_FALSE(Artifact::create("run-a", "run_table"));
  EXPECT_FALSE(Artifact::create("source-a", "code"));
  ArtifactOptions infinite;
  infinite.metadata = {{"x", INFINITY}};
  EXPECT_FALSE(Artifact::create("a", "t", infinite));
  ArtifactOptions many;
  for (int i = 0; i < 101; ++i) many.metadata.set(std::to_string(i), i);
  EXPECT_FALSE(Artifact::create("a", "t", many));

  Artifact artifact = draft();
  EXPECT_THAT(artifact.add_file(path("none")).error().message, HasSubstr("not a file"));
  EXPECT_THAT(artifact.add_dir(path("hello.txt")).error().message, HasSubstr("not a directory"));
  AddFileOptions options;
  options.policy = "odd";
  EXPECT_FALSE(artifact.add_file(path("hello.txt"), options));
  for (const char* name : {"/abs", "../up", "a/../../up", "."}) {
    EXPECT_THAT(artifact.add_bytes(name, "x").error().message, HasSubstr("Invalid artifact path"))
        << name;
  }
  ASSERT_TRUE(artifact.add_bytes("same", "one"));
  EXPECT_TRUE(artifact.add_bytes("same", "one"));
  EXPECT_THAT(artifact.add_bytes("same", "two").error().message,
              HasSubstr("Cannot add the same path twice"));
  EXPECT_TRUE(artifact.add_bytes("same", "two", true));
  EXPECT_FALSE(artifact.add_reference("no-scheme"));
  EXPECT_FALSE(artifact.add_reference("odd://x"));
  EXPECT_EQ(artifact.remove("none").error().code, ErrorCode::kNotFound);
  artifact.finalize();
  EXPECT_EQ(artifact.add_bytes("late", "x").error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(artifact.wait().error().code, ErrorCode::kFailedPrecondition);
}

TEST_F(ArtifactTest, AMutableFileIsCopiedNowAndAnImmutableOneIsNot) {
  Artifact artifact = draft();
  const auto copied = artifact.add_file(path("hello.txt"));
  AddFileOptions options;
  options.policy = "immutable";
  options.name = "as/it/is.txt";
  const auto kept = artifact.add_file(path("hello.txt"), options);
  write("hello.txt", "changed");
  std::string text;
  std::getline(std::ifstream(copied->local_path), text);
  EXPECT_EQ(text, "hello");
  EXPECT_EQ(kept->local_path, path("hello.txt"));
}

TEST_F(ArtifactTest, NanInTheMetadataIsNull) {
  ArtifactOptions options;
  options.metadata = {{"x", NAN}, {"list", List{NAN, 1}}};
  EXPECT_EQ(json::to_text(Value(Artifact::create("a", "t", options)->metadata())),
            R"({"x":null,"list":[null,1]})");
}

TEST_F(ArtifactTest, AFolderIsRemovedWhole) {
  Artifact artifact = draft();
  ASSERT_TRUE(artifact.add_dir(path("in"), in_folder("in")));
  ASSERT_TRUE(artifact.add_bytes("input", "x"));
  ASSERT_TRUE(artifact.remove("in"));
  ASSERT_EQ(artifact.entries()->size(), 1u);
  EXPECT_EQ(artifact.entries()->at(0).path, "input");
}

}  // namespace
}  // namespace runstone
