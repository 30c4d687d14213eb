// What is C's own: handles, status codes, options, text that comes out. The rules behind are tested
// with the classes; tests/install runs whole programs in C and through ctypes.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <thread>

#include "base/json.h"
#include "runstone.h"
#include "sdk/test_run.h"

extern "C" int runstone_test_log_from_c(runstone_run* run);

namespace runstone {
namespace {

using testing_support::read_journal;
using testing_support::Workplace;

std::string last_error() { return runstone_last_error(); }

/// A run in C, offline in an empty directory; its lines are kept.
class CApi : public testing::Test {
 protected:
  CApi() {
    runstone_set_printer(
        [](void* user, runstone_level, const char* line, size_t size) {
          static_cast<CApi*>(user)->lines_.append(line, size).push_back('\n');
        },
        this);
  }
  ~CApi() override {
    runstone_run_free(run_);
    runstone_set_printer(nullptr, nullptr);
  }

  void start(std::vector<runstone_field> options = {}) {
    options.push_back(runstone_text("mode", "offline"));
    options.push_back(runstone_text("dir", directory_.c_str()));
    ASSERT_EQ(runstone_init(options.data(), options.size(), &run_), RUNSTONE_OK) << last_error();
  }
  std::string get(const char* name) {
    char* text = nullptr;
    size_t size = 0;
    EXPECT_EQ(runstone_run_property(run_, name, &text, &size), RUNSTONE_OK) << last_error();
    const std::string copy = text == nullptr ? "(nothing)" : std::string(text, size);
    runstone_free(text);
    return copy;
  }
  testing_support::Journal journal() {
    const std::string directory = get("sync_dir");
    EXPECT_EQ(runstone_finish(run_, 0, nullptr), RUNSTONE_OK);
    return read_journal(directory);
  }

  Workplace place_;
  std::string directory_ = place_.path();
  std::string lines_;
  runstone_run* run_ = nullptr;
};

TEST_F(CApi, ARowOfEveryKindIsStored) {
  start();
  EXPECT_EQ(runstone_test_log_from_c(run_), RUNSTONE_OK) << last_error();
  runstone_field nested = runstone_number("a.b", NAN);
  nested.flags = RUNSTONE_KEY_IS_PATH;
  EXPECT_EQ(runstone_log(run_, &nested, 1), RUNSTONE_OK);
  EXPECT_EQ(runstone_log(run_, nullptr, 0), RUNSTONE_OK);
  const runstone_field list = runstone_json("list", "[1, NaN, {\"x\": 1}]");
  EXPECT_EQ(runstone_log(run_, &list, 1), RUNSTONE_OK);
  EXPECT_EQ(journal().row_texts(),
            "0 {\"loss\":0.5,\"epoch\":3,\"ok\":true,\"text\":\"w\xc3\xb6rter\",\"val.a\":1,"
            "\"nothing\":null}\n"
            "1 {\"a.b\":NaN}\n"
            "2 {}\n"
            "3 {\"list\":[1,NaN,{\"x\":1}]}\n");
}

TEST_F(CApi, L2StepAndCommitAreThoseOfLog) {
  start();
  const runstone_field a = runstone_int("a", 1), b = runstone_int("b", 2);
  EXPECT_EQ(runstone_log_step(run_, &a, 1, 5, RUNSTONE_DEFAULT), RUNSTONE_OK);
  EXPECT_EQ(get("step"), "5");
  EXPECT_EQ(runstone_log_step(run_, &b, 1, 5, 1), RUNSTONE_OK);
  EXPECT_EQ(get("step"), "6");
  EXPECT_EQ(runstone_log_step(run_, &b, 1, 3, 1), RUNSTONE_OK);
  EXPECT_NE(lines_.find("less than the current step"), std::string::npos);
  EXPECT_EQ(runstone_log_step(run_, &a, 1, RUNSTONE_NO_STEP, 0), RUNSTONE_OK);
  EXPECT_EQ(runstone_log_step(run_, &a, 1, RUNSTONE_NO_STEP, 7), RUNSTONE_INVALID_ARGUMENT);
  const char* const keys[] = {"x", "yy, cut off"};
  const size_t sizes[] = {1, 2};
  const double values[] = {0.5, 1.5};
  EXPECT_EQ(runstone_log_numbers(run_, keys, sizes, values, 2), RUNSTONE_OK);
  EXPECT_EQ(runstone_log_numbers_step(run_, keys, nullptr, values, 1, 9, 1), RUNSTONE_OK);
  EXPECT_EQ(journal().row_texts(),
            "5 {\"a\":1,\"b\":2}\n6 {\"a\":1,\"x\":0.5,\"yy\":1.5}\n9 {\"x\":0.5}\n");
}

TEST_F(CApi, NoWrongHandleIsFollowed) {
  start();
  runstone_media* image = nullptr;
  const std::uint8_t pixel = 0;
  ASSERT_EQ(runstone_image(&pixel, 1, 1, 1, 1, nullptr, 0, &image), RUNSTONE_OK);
  int elsewhere = 0;
  const auto as_run = [](void* pointer) { return static_cast<runstone_run*>(pointer); };
  for (runstone_run* wrong :
       {as_run(nullptr), as_run(image), as_run(&elsewhere), as_run(reinterpret_cast<void*>(-1))}) {
    char* text = nullptr;
    runstone_report report;
    EXPECT_EQ(runstone_log(wrong, nullptr, 0), RUNSTONE_INVALID_HANDLE);
    EXPECT_NE(last_error().find("not a handle of a run"), std::string::npos) << last_error();
    EXPECT_EQ(runstone_run_property(wrong, "id", &text, nullptr), RUNSTONE_INVALID_HANDLE);
    EXPECT_EQ(runstone_finish(wrong, 0, &report), RUNSTONE_INVALID_HANDLE);
    EXPECT_EQ(runstone_log_artifact(wrong, nullptr, nullptr, 0), RUNSTONE_INVALID_HANDLE);
    runstone_run_free(wrong);
  }
  EXPECT_EQ(runstone_log_artifact(run_, nullptr, nullptr, 0), RUNSTONE_INVALID_HANDLE);
  EXPECT_NE(last_error().find("an artifact"), std::string::npos);
  const runstone_field good = runstone_object("image", image);
  EXPECT_EQ(runstone_log(run_, &good, 1), RUNSTONE_OK) << last_error();
  runstone_media_free(image);
  runstone_media_free(image);
  EXPECT_EQ(runstone_log(run_, &good, 1), RUNSTONE_INVALID_HANDLE);
  EXPECT_EQ(get("step"), "1") << "the row in error used up a step";
}

TEST_F(CApi, F0AFinishedRunRefusesAndAFreedOneIsNoHandle) {
  start();
  runstone_report report;
  ASSERT_EQ(runstone_finish(run_, 3, &report), RUNSTONE_OK);
  EXPECT_EQ(report.first_call, 1);
  EXPECT_EQ(report.delivered, 1);
  ASSERT_EQ(runstone_finish(run_, 0, &report), RUNSTONE_OK);
  EXPECT_EQ(report.first_call, 0);
  const runstone_field field = runstone_int("a", 1);
  const runstone_field name = runstone_text("name", "late");
  for (const runstone_status status :
       {runstone_log(run_, &field, 1), runstone_config_update(run_, &field, 1, 1),
        runstone_summary_update(run_, &field, 1), runstone_define_metric(run_, "a", nullptr, 0),
        runstone_alert(run_, "a", "b", nullptr, 0), runstone_mark_preempting(run_),
        runstone_save(run_, "*", nullptr, 0, nullptr), runstone_run_set(run_, &name)}) {
    EXPECT_EQ(status, RUNSTONE_FAILED_PRECONDITION);
    EXPECT_NE(last_error().find("is finished"), std::string::npos) << last_error();
  }
  EXPECT_EQ(get("finished"), "true");
  runstone_run_free(run_);
  EXPECT_EQ(runstone_log(run_, &field, 1), RUNSTONE_INVALID_HANDLE);
}

TEST_F(CApi, WrongInputSaysWhatIsWrongAndUsesNoStep) {
  start();
  const auto refused = [&](runstone_field field, runstone_status status, const char* words) {
    EXPECT_EQ(runstone_log(run_, &field, 1), status) << words;
    EXPECT_NE(last_error().find(words), std::string::npos) << last_error();
  };
  runstone_field field = runstone_int("a", 1);
  field.key = nullptr;
  refused(field, RUNSTONE_INVALID_ARGUMENT, "key is NULL");
  field = runstone_int("a", 1);
  field.kind = 99;
  refused(field, RUNSTONE_INVALID_ARGUMENT, "unknown kind 99");
  field = runstone_int("a", 1);
  field.flags = 8;
  refused(field, RUNSTONE_INVALID_ARGUMENT, "unknown flags");
  field = runstone_text("a", "b");
  field.as.text = nullptr;
  refused(field, RUNSTONE_INVALID_ARGUMENT, "the text of 'a' is NULL");
  refused(runstone_json("a", "{\"b\":"), RUNSTONE_INVALID_ARGUMENT, "'a'");
  refused(runstone_object("a", nullptr), RUNSTONE_INVALID_HANDLE, "a media");
  EXPECT_EQ(runstone_log(run_, nullptr, 1), RUNSTONE_INVALID_ARGUMENT);
  EXPECT_EQ(runstone_log_numbers(run_, nullptr, nullptr, nullptr, 2), RUNSTONE_INVALID_ARGUMENT);
  EXPECT_EQ(runstone_define_metric(run_, nullptr, nullptr, 0), RUNSTONE_INVALID_ARGUMENT);
  EXPECT_EQ(runstone_define_metric(run_, "a*b", nullptr, 0), RUNSTONE_INVALID_ARGUMENT);
  EXPECT_EQ(get("step"), "0");
  EXPECT_TRUE(journal().rows.empty());
}

TEST_F(CApi, AConfigFileIsWeakerThanTheConfig) {
  const std::string path = directory_ + "/base.yaml";
  std::ofstream(path) << "a: 1\nb: {value: 1}\n";
  start({runstone_text("config_file", path.c_str()), runstone_json("config", "{\"b\":2}")});
  EXPECT_EQ(get("config"), "{\"a\":1,\"b\":2}");
  EXPECT_EQ(get("should_stop"), "false");
}

TEST_F(CApi, AnOptionThatDoesNotExistOrHasAnotherTypeIsNamed) {
  runstone_run* none = run_;
  const auto refused = [&](runstone_field option, runstone_status status, const char* words) {
    EXPECT_EQ(runstone_init(&option, 1, &none), status);
    EXPECT_EQ(none, nullptr);
    EXPECT_NE(last_error().find(words), std::string::npos) << last_error();
  };
  refused(runstone_text("projekt", "x"), RUNSTONE_INVALID_ARGUMENT, "no option 'projekt'");
  refused(runstone_int("project", 1), RUNSTONE_INVALID_TYPE, "'project' must be text");
  refused(runstone_text("tags", "a"), RUNSTONE_INVALID_TYPE, "'tags' must be a JSON list of texts");
  refused(runstone_json("config", "[1]"), RUNSTONE_INVALID_TYPE, "'config' must be a JSON dict");
  refused(runstone_json("settings", "{\"nope\":1}"), RUNSTONE_INVALID_ARGUMENT, "nope");
  refused(runstone_text("mode", "sideways"), RUNSTONE_INVALID_ARGUMENT, "mode");
  refused(runstone_text("project", "a/b"), RUNSTONE_FAILED_PRECONDITION, "cannot contain");
  EXPECT_EQ(runstone_init(nullptr, 0, nullptr), RUNSTONE_INVALID_ARGUMENT);
  start();
  const runstone_field typo = runstone_text("sumary", "min");
  EXPECT_EQ(runstone_define_metric(run_, "a", &typo, 1), RUNSTONE_INVALID_ARGUMENT);
  EXPECT_NE(last_error().find("runstone_define_metric() has no option 'sumary'"),
            std::string::npos);
  EXPECT_EQ(runstone_alert(run_, "t", "x", &typo, 1), RUNSTONE_INVALID_ARGUMENT);
  const runstone_field level = runstone_text("level", "warn");
  EXPECT_EQ(runstone_alert(run_, "t", "x", &level, 1), RUNSTONE_INVALID_ARGUMENT);
}

TEST_F(CApi, TheLastErrorIsEachThreadsOwn) {
  EXPECT_EQ(runstone_log(nullptr, nullptr, 0), RUNSTONE_INVALID_HANDLE);
  const std::string mine = last_error();
  EXPECT_FALSE(mine.empty());
  std::thread([] { EXPECT_STREQ(runstone_last_error(), ""); }).join();
  start();  // a call that succeeds leaves the message
  EXPECT_EQ(last_error(), mine);
}

TEST_F(CApi, PR1FactsConfigAndSummaryComeOutAsText) {
  start({runstone_text("project", "p"), runstone_text("group", "g"), runstone_text("id", "x1"),
         runstone_json("config", "{\"lr\": 0.1, \"net\": {\"layers\": 3}}"),
         runstone_json("tags", "[\"a\", \"b\"]"),
         runstone_json("settings", "{\"run_notes\": \"n\"}")});
  EXPECT_EQ(get("path"), "p/x1");
  EXPECT_EQ(get("group"), "g");
  EXPECT_EQ(get("notes"), "n");
  EXPECT_EQ(get("tags"), "[\"a\",\"b\"]");
  EXPECT_EQ(get("url"), "(nothing)");
  EXPECT_EQ(get("offline"), "true");
  EXPECT_EQ(get("disabled"), "false");
  EXPECT_EQ(get("config"), "{\"lr\":0.1,\"net\":{\"layers\":3}}");
  const runstone_field lr = runstone_number("lr", 0.2), more = runstone_text("opt", "adam");
  EXPECT_EQ(runstone_config_update(run_, &lr, 1, 0), RUNSTONE_CONFIG_LOCKED);
  EXPECT_EQ(runstone_config_update(run_, &lr, 1, 1), RUNSTONE_OK);
  EXPECT_EQ(runstone_config_update(run_, &more, 1, 0), RUNSTONE_OK);
  EXPECT_EQ(get("config"), "{\"lr\":0.2,\"net\":{\"layers\":3},\"opt\":\"adam\"}");
  const runstone_field best = runstone_json("best", "{\"acc\": 0.9}");
  EXPECT_EQ(runstone_summary_update(run_, &best, 1), RUNSTONE_OK);
  EXPECT_EQ(get("summary"), "{\"best\":{\"acc\":0.9}}");
  EXPECT_NE(get("status").find("\"sync_items_pending\":0"), std::string::npos);
  EXPECT_NE(get("settings").find("\"mode\":\"offline\""), std::string::npos);
  const runstone_field name = runstone_text("name", "new"), tags = runstone_json("tags", "[\"c\"]");
  EXPECT_EQ(runstone_run_set(run_, &name), RUNSTONE_OK);
  EXPECT_EQ(runstone_run_set(run_, &tags), RUNSTONE_OK);
  EXPECT_EQ(get("name"), "new");
  EXPECT_EQ(get("tags"), "[\"c\"]");
  EXPECT_EQ(runstone_run_set(run_, &lr), RUNSTONE_INVALID_ARGUMENT);
  char* text = nullptr;
  EXPECT_EQ(runstone_run_property(run_, "nope", &text, nullptr), RUNSTONE_INVALID_ARGUMENT);
  EXPECT_EQ(runstone_run_property(run_, "id", nullptr, nullptr), RUNSTONE_INVALID_ARGUMENT);
}

TEST_F(CApi, ME1MediaOfEachKindAreLoggedAndWrongOnesAreNot) {
  start();
  const std::vector<std::uint8_t> pixels(2 * 3 * 3, 200);
  const double values[] = {1, 2, 3, 4};
  const float samples[] = {0, 0.5f, -0.5f};
  runstone_media *image = nullptr, *again = nullptr, *histogram = nullptr, *audio = nullptr,
                 *html = nullptr, *video = nullptr, *counted = nullptr, *none = image;
  const runstone_field caption = runstone_text("caption", "c");
  ASSERT_EQ(runstone_image(pixels.data(), pixels.size(), 2, 3, 3, &caption, 1, &image),
            RUNSTONE_OK);
  ASSERT_EQ(runstone_image(pixels.data(), 6, 2, 3, 1, &caption, 1, &again), RUNSTONE_OK);
  ASSERT_EQ(runstone_histogram(values, 4, 4, &histogram), RUNSTONE_OK);
  ASSERT_EQ(runstone_histogram_of_counts(values, values, 3, &counted), RUNSTONE_OK);
  ASSERT_EQ(runstone_audio(samples, 3, 8000, 1, nullptr, 0, &audio), RUNSTONE_OK);
  ASSERT_EQ(runstone_html("<b>hi</b>", 9, nullptr, 0, &html), RUNSTONE_OK);
  ASSERT_EQ(runstone_video(pixels.data(), pixels.size(), 2, 1, 3, 3, nullptr, 0, &video),
            RUNSTONE_OK);
  const runstone_media* const both[] = {image, again};
  const runstone_field row[] = {
      runstone_object("image", image), runstone_objects("images", both, 2),
      runstone_object("h", histogram), runstone_object("hc", counted),
      runstone_object("a", audio),     runstone_object("w", html),
      runstone_object("v", video),     runstone_number("loss", 0.5)};
  ASSERT_EQ(runstone_log(run_, row, 8), RUNSTONE_OK) << last_error();
  EXPECT_EQ(runstone_image(pixels.data(), 5, 2, 3, 3, nullptr, 0, &none),
            RUNSTONE_INVALID_ARGUMENT);
  EXPECT_EQ(runstone_image(pixels.data(), 12, 2, 3, 2, nullptr, 0, &none),
            RUNSTONE_INVALID_ARGUMENT);
  EXPECT_NE(last_error().find("2 channels"), std::string::npos);
  EXPECT_EQ(runstone_image(nullptr, 12, 2, 2, 3, nullptr, 0, &none), RUNSTONE_INVALID_ARGUMENT);
  const double bad = std::numeric_limits<double>::infinity();
  EXPECT_EQ(runstone_histogram(&bad, 1, 0, &none), RUNSTONE_INVALID_ARGUMENT);
  EXPECT_EQ(runstone_media_file("image", "/nope.png", nullptr, 0, &none), RUNSTONE_NOT_FOUND);
  EXPECT_EQ(runstone_media_file("film", "/nope", nullptr, 0, &none), RUNSTONE_INVALID_ARGUMENT);
  EXPECT_EQ(runstone_config_update(run_, row, 1, 0), RUNSTONE_INVALID_TYPE);
  EXPECT_EQ(none, nullptr);
  for (auto* media : {image, again, histogram, counted, audio, html, video}) {
    runstone_media_free(media);
  }
  const auto rows = journal().rows;
  ASSERT_EQ(rows.size(), 1u);
  const auto type = [&](const char* key) {
    return std::string(rows[0].leaves.find(key)->get("_type")->string_or(""));
  };
  EXPECT_EQ(type("image"), "image-file");
  EXPECT_EQ(type("images"), "images/separated");
  EXPECT_EQ(type("h"), "histogram");
  EXPECT_EQ(type("hc"), "histogram");
  EXPECT_EQ(type("a"), "audio-file");
  EXPECT_EQ(type("w"), "html-file");
  EXPECT_EQ(type("v"), "video-file");
  EXPECT_EQ(rows[0].leaves.find("image")->get("caption")->string_or(""), "c");
}

TEST_F(CApi, AR1AnArtifactIsFilledLoggedAndFinal) {
  start();
  runstone_artifact* data = nullptr;
  EXPECT_EQ(runstone_artifact_new("a/b", "dataset", nullptr, 0, &data), RUNSTONE_INVALID_ARGUMENT);
  const runstone_field metadata = runstone_json("metadata", "{\"k\": 1}");
  ASSERT_EQ(runstone_artifact_new("ds", "dataset", &metadata, 1, &data), RUNSTONE_OK);
  ASSERT_EQ(runstone_artifact_add_bytes(data, "hello.txt", "hello\n", 6, nullptr, 0), RUNSTONE_OK);
  const auto property = [&](const char* name) {
    char* text = nullptr;
    EXPECT_EQ(runstone_artifact_property(data, name, &text, nullptr), RUNSTONE_OK);
    const std::string copy = text == nullptr ? "(nothing)" : text;
    runstone_free(text);
    return copy;
  };
  EXPECT_EQ(property("digest"), "646850bf3b1463160ba8676bfb654546");
  EXPECT_EQ(property("size"), "6");
  EXPECT_EQ(property("metadata"), "{\"k\":1}");
  EXPECT_NE(property("entries").find("hello.txt"), std::string::npos);
  EXPECT_EQ(property("id"), "(nothing)");
  EXPECT_EQ(runstone_artifact_add_bytes(data, "hello.txt", "bye", 3, nullptr, 0),
            RUNSTONE_INVALID_ARGUMENT);
  EXPECT_EQ(runstone_artifact_add_file(data, "/nope", nullptr, 0), RUNSTONE_INVALID_ARGUMENT);
  const runstone_field by_address = runstone_bool("checksum", 0);
  EXPECT_EQ(runstone_artifact_add_reference(data, "s3://bucket/key", &by_address, 1), RUNSTONE_OK);
  EXPECT_EQ(runstone_artifact_remove(data, "key"), RUNSTONE_OK) << last_error();
  EXPECT_EQ(runstone_artifact_remove(data, "key"), RUNSTONE_NOT_FOUND);
  const runstone_field aliases = runstone_json("aliases", "[\"best\"]");
  ASSERT_EQ(runstone_log_artifact(run_, data, &aliases, 1), RUNSTONE_OK) << last_error();
  EXPECT_EQ(property("is_final"), "true");
  EXPECT_EQ(runstone_artifact_add_bytes(data, "more", "x", 1, nullptr, 0),
            RUNSTONE_FAILED_PRECONDITION);
  EXPECT_EQ(runstone_artifact_wait(data, 1), RUNSTONE_FAILED_PRECONDITION);
  char* text = nullptr;
  for (const char* of_server : {"version", "qualified_name", "aliases", "url"}) {
    EXPECT_EQ(runstone_artifact_property(data, of_server, &text, nullptr),
              RUNSTONE_FAILED_PRECONDITION);
    EXPECT_EQ(text, nullptr);
  }
  EXPECT_EQ(runstone_artifact_property(data, "nope", &text, nullptr), RUNSTONE_INVALID_ARGUMENT);
  EXPECT_EQ(runstone_artifact_download(data, nullptr, 0, &text), RUNSTONE_FAILED_PRECONDITION);
  EXPECT_EQ(runstone_artifact_verify(data, nullptr), RUNSTONE_FAILED_PRECONDITION);
  runstone_artifact* found = data;
  EXPECT_EQ(runstone_use_artifact(run_, "ds:latest", nullptr, 0, &found), RUNSTONE_INVALID_TYPE);
  EXPECT_EQ(found, nullptr);
  EXPECT_NE(last_error().find("offline"), std::string::npos) << last_error();
  EXPECT_EQ(runstone_use_artifact(run_, "ds", nullptr, 0, nullptr), RUNSTONE_INVALID_ARGUMENT);
  EXPECT_EQ(runstone_link_artifact(run_, data, "best", nullptr, 0), RUNSTONE_NOT_IMPLEMENTED);
  EXPECT_EQ(runstone_restore(run_, "../f", nullptr, 0, &text), RUNSTONE_INVALID_ARGUMENT);
  runstone_artifact_free(data);
  EXPECT_EQ(runstone_artifact_wait(data, 1), RUNSTONE_INVALID_HANDLE);
  EXPECT_EQ(runstone_log_path(run_, "/nope", nullptr, 0, nullptr), RUNSTONE_INVALID_ARGUMENT);
  const runstone_field as[] = {runstone_text("name", "net"), runstone_text("type", "model")};
  ASSERT_EQ(runstone_log_path(run_, "/proc/self/cmdline", as, 2, &data), RUNSTONE_OK);
  EXPECT_EQ(property("name") + " " + property("type"), "net model");
  runstone_artifact_free(data);
  EXPECT_EQ(journal().all<protocol::ArtifactRecord>().size(), 2u);
}

TEST_F(CApi, APrinterMayLogWhileItIsToldOfAWarning) {
  runstone_set_printer(
      [](void* user, runstone_level level, const char*, size_t) {
        if (level != RUNSTONE_LEVEL_WARNING) return;
        const runstone_field row = runstone_int("told", 1);
        EXPECT_EQ(runstone_log(*static_cast<runstone_run**>(user), &row, 1), RUNSTONE_OK);
      },
      &run_);
  start();
  const runstone_field ahead = runstone_int("a", 1), past = runstone_int("b", 1);
  ASSERT_EQ(runstone_log_step(run_, &ahead, 1, 5, 1), RUNSTONE_OK);
  ASSERT_EQ(runstone_log_step(run_, &past, 1, 2, 1), RUNSTONE_OK);
  EXPECT_EQ(journal().row_texts(), "5 {\"a\":1}\n6 {\"told\":1}\n");
}

TEST_F(CApi, ThreadsThatLogWhileTheRunIsFreedGetADefinedAnswer) {
  start();
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      const runstone_field row = runstone_int("a", 1);
      runstone_status status = RUNSTONE_OK;
      while (status == RUNSTONE_OK) status = runstone_log(run_, &row, 1);
      EXPECT_TRUE(status == RUNSTONE_FAILED_PRECONDITION || status == RUNSTONE_INVALID_HANDLE);
    });
  }
  runstone_run_free(run_);
  for (auto& thread : threads) thread.join();
}

// exit() in a child: its status is the run's, as is that of a main() that returned.
TEST_F(CApi, X1AProgramThatForgetsToFinishIsFinishedWithItsExitStatus) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    start();
    const runstone_field row = runstone_int("a", 1);
    runstone_log_step(run_, &row, 1, RUNSTONE_NO_STEP, 0);
    const std::string directory = get("sync_dir");
    if (write(ends[1], directory.data(), directory.size()) < 0) _exit(9);
    runstone_set_printer(nullptr, nullptr);
    exit(3);
  }
  close(ends[1]);
  char directory[4096] = {};
  ASSERT_GT(read(ends[0], directory, sizeof directory - 1), 0);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 3);
  const auto found = read_journal(directory);
  EXPECT_EQ(found.row_texts(), "0 {\"a\":1}\n");
  const auto exits = found.all<protocol::ExitRecord>();
  ASSERT_EQ(exits.size(), 1u);
  EXPECT_EQ(exits[0].exit_code, 3);
}

TEST(CApiFacts, StatusesHaveNamesAndTheVersionIsOne) {
  EXPECT_STREQ(runstone_status_name(RUNSTONE_OK), "ok");
  EXPECT_STREQ(runstone_status_name(RUNSTONE_CONFIG_LOCKED), "config_locked");
  EXPECT_STREQ(runstone_status_name(RUNSTONE_INTERNAL), "internal");
  EXPECT_STREQ(runstone_status_name(RUNSTONE_INVALID_HANDLE), "invalid_handle");
  EXPECT_STREQ(runstone_status_name(static_cast<runstone_status>(18)), "unknown");
  const std::string text = std::to_string(RUNSTONE_VERSION_MAJOR) + "." +
                           std::to_string(RUNSTONE_VERSION_MINOR) + "." +
                           std::to_string(RUNSTONE_VERSION_PATCH);
  EXPECT_EQ(runstone_version_text(), text);
  EXPECT_EQ(runstone_version(), 100u * RUNSTONE_VERSION_MINOR + RUNSTONE_VERSION_PATCH);
}

}  // namespace
}  // namespace runstone
