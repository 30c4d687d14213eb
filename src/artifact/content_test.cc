// Content of artifacts on its way: received, cached, put away; and what a manifest may say.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <source_location>
#include <sstream>
#include <stdexcept>

#include "artifact/body_file.h"
#include "artifact/cache.h"
#include "artifact/checked_mark.h"
#include "artifact/copy.h"
#include "artifact/draft.h"
#include "artifact/following_digest.h"
#include "artifact/manifest.h"
#include "artifact/parallel.h"
#include "artifact/sent_copies.h"
#include "artifact/versions.h"
#include "base/encoding.h"
#include "base/no_threads.h"
#include "base/random_id.h"
#include "net/client/scripted_server.h"

namespace runstone::artifact {
namespace {

namespace stdfs = std::filesystem;
using net::ScriptedAnswer;
using net::ScriptedRequest;
using testing::HasSubstr;

class Content : public testing::Test {
 protected:
  Content() {
    stdfs::create_directories(folder_);
    setenv("RUNSTONE_CACHE_DIR", path("cache").c_str(), 1);
  }
  ~Content() override {
    unsetenv("RUNSTONE_CACHE_DIR");
    stdfs::remove_all(folder_);
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, const std::string& text) const {
    stdfs::create_directories(stdfs::path(path(name)).parent_path());
    std::ofstream(path(name)) << text;
    return path(name);
  }
  static std::string read(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  Result<Received> receive(const net::ScriptedServer& server) const {
    const auto connection = net::make_http_client();
    net::ClientRequest request;
    request.url = server.url() + "/file";
    return receive_file(*connection, request, path("got"), Digest::Kind::kMd5);
  }
  static std::string md5(const std::string& text) { return md5_base64(text); }

  const stdfs::path folder_ = stdfs::temp_directory_path() / ("runstone-content-" + random_id(8));
};

TEST_F(Content, GoesOnWhereTheConnectionBroke) {
  const std::string whole(100'000, 'w');
  std::vector<std::string> ranges;
  const net::ScriptedServer server([&](const ScriptedRequest& request) {
    ranges.emplace_back(request.header("range"));
    ScriptedAnswer answer{.body = whole, .headers = {{"ETag", "\"one\""}}};
    if (ranges.size() == 1) {
      answer.kind = ScriptedAnswer::Kind::kCloseHalf;
    } else {
      EXPECT_EQ(request.header("if-range"), "\"one\"");
      const auto from = std::stoul(ranges.back().substr(std::string("bytes=").size()));
      answer.status = 206;
      answer.body = whole.substr(from);
    }
    return answer;
  });
  auto received = receive(server);
  ASSERT_TRUE(received) << received.error().message;
  EXPECT_EQ(received->digest().value_or(""), md5(whole));
  EXPECT_EQ(read(path("got")), whole);
  ASSERT_EQ(ranges.size(), 2u);
  EXPECT_EQ(ranges[0], "");
}

TEST_F(Content, BeginsAnewWhenTheServerHasAnotherFileNow) {
  const std::string before(50'000, 'b'), after(60'000, 'a');
  int requests = 0;
  const net::ScriptedServer server([&](const ScriptedRequest&) {
    if (++requests == 1) {
      return ScriptedAnswer{.body = before,
                            .headers = {{"ETag", "\"one\""}},
                            .kind = ScriptedAnswer::Kind::kCloseHalf};
    }
    return ScriptedAnswer{.body = after, .headers = {{"ETag", "\"two\""}}};
  });
  auto received = receive(server);
  ASSERT_TRUE(received) << received.error().message;
  EXPECT_EQ(received->digest().value_or(""), md5(after));
  EXPECT_EQ(read(path("got")), after);
}

TEST_F(Content, LeavesNothingOfAFileThatDoesNotCome) {
  const net::ScriptedServer server(
      [](const ScriptedRequest&) { return ScriptedAnswer{.status = 404}; });
  EXPECT_EQ(receive(server).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(stdfs::exists(path("got")));
  write("got", "taken");
  EXPECT_EQ(receive(server).error().code, ErrorCode::kConflict);
  EXPECT_EQ(read(path("got")), "taken");
}

// From here on a second thread digests what the first one writes.
TEST_F(Content, ALargeFileIsDigestedWhole) {
  const std::string whole(FollowingDigest::kWorthwhileBytes + 12'345, 'l');
  int requests = 0;
  const net::ScriptedServer server([&](const ScriptedRequest&) {
    const auto kind =
        ++requests == 1 ? ScriptedAnswer::Kind::kCloseHalf : ScriptedAnswer::Kind::kAnswer;
    return ScriptedAnswer{.body = whole, .kind = kind};
  });
  auto received = receive(server);
  ASSERT_TRUE(received) << received.error().message;
  EXPECT_EQ(received->digest().value_or(""), md5(whole));
  EXPECT_EQ(requests, 2);
  EXPECT_TRUE(read(path("got")) == whole);
}

TEST_F(Content, AFileIsKnownToBeCheckedUntilItIsWritten) {
  const std::string whole(2 << 20, 'c');
  write("file", whole);
  const std::string digest = md5_base64(whole);
  mark_checked(path("file"), digest);
  ASSERT_TRUE(is_marked_checked(path("file"), digest))
      << "the folder for temporary files takes no extended attributes: set TMPDIR to another";
  EXPECT_FALSE(is_marked_checked(path("file"), md5_base64("other")));
  stdfs::rename(path("file"), path("moved"));
  EXPECT_TRUE(is_marked_checked(path("moved"), digest));
  std::fstream(path("moved"), std::ios::in | std::ios::out) << 'd';
  EXPECT_FALSE(is_marked_checked(path("moved"), digest));
  // What changes while it is digested is not known either.
  const auto before = stamp_of(path("moved"));
  ASSERT_TRUE(before);
  std::fstream(path("moved"), std::ios::in | std::ios::out) << 'e';
  mark_checked(path("moved"), *before, digest);
  EXPECT_FALSE(is_marked_checked(path("moved"), digest));
  EXPECT_FALSE(is_marked_checked(path("none"), digest));
}

TEST_F(Content, AnEmptyFileIsAFile) {
  const net::ScriptedServer server(
      [](const ScriptedRequest&) { return ScriptedAnswer{.body = ""}; });
  auto received = receive(server);
  ASSERT_TRUE(received) << received.error().message;
  EXPECT_EQ(received->digest().value_or(""), md5(""));
  EXPECT_TRUE(stdfs::exists(path("got")));
}

TEST_F(Content, ACopyReplacesAFileWhole) {
  write("from", std::string(3'000'000, 'x'));
  write("to", "before");
  ASSERT_TRUE(copy_whole(path("from"), path("to")));
  ASSERT_TRUE(copy_whole(path("from"), path("new/deep/to")));
  EXPECT_EQ(read(path("to")), read(path("from")));
  EXPECT_EQ(read(path("new/deep/to")), read(path("from")));
  EXPECT_EQ(copy_whole(path("none"), path("to")).error().code, ErrorCode::kNotFound);
  write("empty", "");
  ASSERT_TRUE(copy_whole(path("empty"), path("to")));
  EXPECT_EQ(read(path("to")), "");
  std::size_t names = 0;
  for (const auto& entry : stdfs::directory_iterator(folder_)) names += entry.exists() ? 1 : 0;
  EXPECT_EQ(names, 4u);  // from, to, new, empty
}

TEST_F(Content, CopiesThatWereSentAreFoundInTheCache) {
  protocol::ArtifactManifest manifest;
  for (const char* text : {"kept", "dropped", "own"}) {
    protocol::ManifestEntry entry;
    entry.path = text;
    entry.digest = md5_base64(text);
    entry.local_path =
        write(text == std::string("own") ? "own" : std::string("artifacts/staging/") + text, text);
    entry.skip_cache = text == std::string("dropped");
    manifest.contents.push_back(entry);
  }
  EXPECT_EQ(content_path(manifest.contents[0]), path("artifacts/staging/kept"));
  put_copies_away(manifest);
  EXPECT_FALSE(stdfs::exists(path("artifacts/staging/kept")));
  EXPECT_FALSE(stdfs::exists(path("artifacts/staging/dropped")));
  EXPECT_EQ(read(path("own")), "own") << "a user's file is left alone";
  EXPECT_EQ(read(content_path(manifest.contents[0])), "kept");
  EXPECT_THAT(content_path(manifest.contents[0]), HasSubstr("cache/artifacts/obj/md5/"));
  EXPECT_EQ(content_path(manifest.contents[1]), path("artifacts/staging/dropped"));
  EXPECT_EQ(content_path(manifest.contents[2]), path("own"));
}

TEST_F(Content, AnEntryIsDigestedByMd5ForAServerThatWantsIt) {
  protocol::ManifestEntry entry;
  entry.digest = digest_base64("text", Digest::Kind::kXxh128);
  entry.local_path = write("file", "text");
  entry.extra = {{"alg", "\"XXH128\""}, {"other", "1"}};
  ASSERT_TRUE(digest_by_md5(entry));
  EXPECT_EQ(entry.digest, md5_base64("text"));
  EXPECT_EQ(entry.extra.size(), 1u);
  entry.extra = {{"alg", "\"XXH128\""}};
  entry.local_path = path("none");
  EXPECT_EQ(digest_by_md5(entry).error().code, ErrorCode::kNotFound);
}

TEST(ParseManifest, ReadsWhatIsWritten) {
  protocol::ArtifactManifest manifest;
  protocol::ManifestEntry file, reference;
  file.path = "a \"quoted\" é";
  file.digest = "sZRqySSS0jR8YjW00mERhA==";
  file.size_bytes = 6;
  file.birth_artifact_id = "QQ==";
  reference.path = "z";
  reference.digest = "etag";
  reference.ref = "s3://bucket/z";
  reference.extra = {{"etag", "\"etag\""}};
  manifest.contents = {file, reference};
  const auto entries = parse_manifest(manifest_json(manifest));
  ASSERT_TRUE(entries) << entries.error().message;
  ASSERT_EQ(entries->size(), 2u);
  EXPECT_EQ(entries->at(0).path, file.path);
  EXPECT_EQ(entries->at(0).size_bytes, 6);
  EXPECT_EQ(entries->at(0).birth_artifact_id, "QQ==");
  EXPECT_EQ(entries->at(1).ref, reference.ref);
  EXPECT_EQ(entries->at(1).extra, reference.extra);
}

TEST(ParseManifest, RefusesWhatItDoesNotKnowOrMustNotWrite) {
  for (const char* text : {"", "[]", "{}", R"({"version":2,"contents":{}})", R"({"version":1})",
                           R"({"version":1,"contents":{"../up":{"digest":"x"}}})",
                           R"({"version":1,"contents":{"/abs":{"digest":"x"}}})",
                           R"({"version":1,"contents":{"a":{}}})"}) {
    const auto entries = parse_manifest(text);
    ASSERT_FALSE(entries) << text;
    EXPECT_EQ(entries.error().code, ErrorCode::kCorrupt) << text;
  }
}

void check_name(const std::string& text, const std::string& want,
                std::source_location row = std::source_location::current()) {
  const testing::ScopedTrace trace(row.file_name(), static_cast<int>(row.line()), text);
  const auto name = parse_artifact_name(text, "me", "mine");
  EXPECT_EQ(
      name ? name->entity + "/" + name->project + "/" + name->name + ":" + name->alias : "refused",
      want);
}

TEST(ArtifactNames, A17MissingPartsAreTheRuns) {
  check_name("ds", "me/mine/ds:latest");
  check_name("ds:v3", "me/mine/ds:v3");
  check_name("p/ds:best", "me/p/ds:best");
  check_name("e/p/ds:best", "e/p/ds:best");
  check_name("wandb-registry-models/net:v0", "/wandb-registry-models/net:v0");
  check_name("org/wandb-registry-models/net", "org/wandb-registry-models/net:latest");
  for (const char* wrong : {"", ":", "ds:", "/ds", "a//ds", "a/b/c/ds", "ds:a:b", "ds:a/b"}) {
    check_name(wrong, "refused");
  }
}

TEST(LinkTargets, LK1MissingPartsAreTheRuns) {
  const auto target = parse_link_target("p/best", "me", "mine");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->entity + "/" + target->project + "/" + target->collection, "me/p/best");
  EXPECT_FALSE(target->is_registry());
  const auto registry = parse_link_target("wandb-registry-x/c", "me", "mine");
  EXPECT_TRUE(registry->is_registry());
  EXPECT_EQ(registry->entity, "");
  for (const char* wrong : {"", "a/b/c/d", "best:v0", "/x"}) {
    EXPECT_FALSE(parse_link_target(wrong, "me", "mine")) << wrong;
  }
}

TEST(InParallel, EndsWithTheFirstError) {
  std::atomic<int> done{0};
  EXPECT_TRUE(in_parallel(1000, 8, [&](std::size_t, std::size_t worker) -> Result<void> {
    EXPECT_LT(worker, 8u);
    ++done;
    return {};
  }));
  EXPECT_EQ(done, 1000);
  done = 0;
  const auto failed = in_parallel(1000, 4, [&](std::size_t index, std::size_t) -> Result<void> {
    ++done;
    if (index == 10) return fail(ErrorCode::kIo, "tenth");
    return {};
  });
  EXPECT_EQ(failed.error().message, "tenth");
  EXPECT_LT(done, 1000);
  EXPECT_TRUE(in_parallel(0, 4, [](std::size_t, std::size_t) -> Result<void> { return {}; }));
}

TEST(InParallel, TheOneWhoWatchesMayEndIt) {
  std::atomic<bool> is_over{false};
  const auto ended = in_parallel(
      3, 3,
      [&](std::size_t, std::size_t) -> Result<void> {
        is_over.wait(false);
        return {};
      },
      [&]() -> Result<void> {
        is_over = true;
        is_over.notify_all();
        return fail(ErrorCode::kInternal, "interrupted");
      });
  EXPECT_EQ(ended.error().message, "interrupted");
}

TEST(InParallel, TheWorkIsDoneWithoutThreads) {
  const NoThreads none;
  int done = 0;
  const auto work = [&](std::size_t, std::size_t) -> Result<void> {
    ++done;
    return {};
  };
  EXPECT_TRUE(in_parallel(100, 8, work));
  EXPECT_TRUE(in_parallel(100, 8, work, [] { return Result<void>(); }));
  EXPECT_EQ(done, 200);
}

TEST(InParallel, WhatIsThrownIsAnError) {
  const auto failed = in_parallel(100, 8, [](std::size_t index, std::size_t) -> Result<void> {
    if (index == 50) throw std::runtime_error("fiftieth");
    return {};
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "fiftieth");
}

TEST_F(Content, AFileIsCopiedAndDigestedWithoutAThread) {
  const NoThreads none;
  const std::string text(3 << 20, 'x');
  const auto digest = copy_and_digest(write("from", text), path("to"), Digest::Kind::kMd5);
  ASSERT_TRUE(digest) << digest.error().message;
  EXPECT_EQ(digest->digest, md5_base64(text));
  EXPECT_EQ(digest->size_bytes, text.size());
  EXPECT_EQ(read(path("to")), text);
}

TEST(Draft, AForkedChildDoesNotWaitForWhatItsParentIsToldOf) {
  Draft draft("files", "dataset", {});
  draft.set_under_way(Draft::Fate::kUnderWay);
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);  // instead of for ever
    const auto waited = draft.wait(0);
    _exit(!waited && waited.error().code == ErrorCode::kFailedPrecondition ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace runstone::artifact
