#include "artifacts/manifest.h"

#include <gtest/gtest.h>

#include <vector>

namespace runstone::artifacts {
namespace {

using Entries = std::vector<store::ArtifactEntry>;

Result<Entries> read(std::string_view text) {
  Entries entries;
  auto head = read_manifest(text, [&](store::ArtifactEntry entry) -> Result<void> {
    entries.push_back(std::move(entry));
    return {};
  });
  if (!head) return fail(head.error());
  return entries;
}

constexpr const char* kDigest = "itxZN+Y19smvZG8LI1YPrg==";

TEST(Manifest, GivesFilesAndReferencesAndWhatElseTheySay) {
  const auto entries =
      read(std::string(R"({"version":1,"storagePolicyConfig":{"storageLayout":"V2"},
    "contents":{"a/b.txt":{"digest":")") +
           kDigest +
           R"(","size":100,"birthArtifactID":"QQ==","local_path":"/home/me/x",
    "skip_cache":false,"extra":{"etag":"}\""}},
    "s3":{"digest":"s3://b/k","ref":"s3://b/k"}}})");
  ASSERT_TRUE(entries) << entries.error().message;
  ASSERT_EQ(entries->size(), 2u);
  EXPECT_EQ((*entries)[0].path, "a/b.txt");
  EXPECT_EQ((*entries)[0].digest.size(), 32u);
  EXPECT_EQ((*entries)[0].size_bytes, 100);
  EXPECT_EQ((*entries)[0].rest_json, R"({"skip_cache":false,"extra":{"etag":"}\""}})");
  EXPECT_EQ((*entries)[1].ref, "s3://b/k");
}

TEST(Manifest, ReadsBackWhatItWrites) {
  store::ArtifactEntry entry;
  entry.path = "sub/\"quoted\".txt";
  entry.digest = "8adc5937e635f6c9af646f0b23560fae";
  entry.size_bytes = 7;
  entry.birth_artifact = "QQ==";
  entry.rest_json = R"({"extra":{"a":1}})";
  auto text = manifest_begin("{}");
  append_entry(text, entry);
  text += kManifestEnd;
  const auto entries = read(text);
  ASSERT_TRUE(entries) << entries.error().message;
  ASSERT_EQ(entries->size(), 1u);
  EXPECT_EQ((*entries)[0].path, entry.path);
  EXPECT_EQ((*entries)[0].digest, entry.digest);
  EXPECT_EQ((*entries)[0].rest_json, entry.rest_json);
}

TEST(Manifest, CutAnywhereIsAnErrorAndNeverMore) {
  const std::string whole = std::string(R"({"version":1,"contents":{"a":{"digest":")") + kDigest +
                            R"(","size":1,"extra":{"x":[1,2]}}}})";
  ASSERT_TRUE(read(whole));
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    const auto entries = read(whole.substr(0, cut));
    ASSERT_FALSE(entries) << cut;
    EXPECT_EQ(entries.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(Manifest, RefusesPathsThatLeadOut) {
  for (const char* path :
       {"", "/etc/passwd", "..", "a/../b", "a//b", "./a", "a/", "a\n", "..\\x"}) {
    EXPECT_FALSE(check_entry_path(path)) << path;
  }
  for (const char* path : {"a", "a/b..c", "..a", "a b/ü.txt"}) {
    EXPECT_TRUE(check_entry_path(path)) << path;
  }
}

}  // namespace
}  // namespace runstone::artifacts
