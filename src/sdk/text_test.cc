// Text that is not UTF-8: refused wherever it comes in, since no JSON could hold it.
#include <gtest/gtest.h>

#include "sdk/check_text.h"
#include "sdk/test_run.h"

namespace runstone {
namespace {

using testing_support::read_journal;
using testing_support::Workplace;

const std::string kBad = "caf\xe9";

void expect_refused(const Result<void>& result, const std::string& words) {
  ASSERT_FALSE(result) << words;
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(result.error().message.find(words), std::string::npos) << result.error().message;
}

TEST(Text, L3WhatIsNotUtf8IsRefusedAndUsesNoStep) {
  Workplace place;
  runstone::Run run = place.start();
  ASSERT_TRUE(run.log({{"a", 1}}));
  expect_refused(run.log({{"a", 1}, {"text", kBad}}), "the value of 'text' is not UTF-8");
  expect_refused(run.log({{kBad, 1}}), "a key is not UTF-8");
  expect_refused(run.log({{"j", ValueRef::json("\"" + kBad + "\"")}}), "'j'");
  const Value tree = {{"deep", {{"er", List{Value(kBad)}}}}};
  expect_refused(run.log({{"tree", tree}}), "not UTF-8");
  LogOptions later;
  later.step = 9;
  expect_refused(run.log({{"text", kBad}}, later), "'text'");
  const std::string_view keys[] = {kBad};
  const double values[] = {1};
  expect_refused(run.log_numbers(keys, values), "a key");
  EXPECT_EQ(run.step(), 1) << "a row in error moved the step";
  ASSERT_TRUE(run.log({{"a", 2}, {"ok", "w\xc3\xb6rter, \xe2\x82\xac"}}));
  ASSERT_TRUE(run.finish().first_call);
  EXPECT_EQ(read_journal(run.sync_dir()).row_texts(),
            "0 {\"a\":1}\n1 {\"a\":2,\"ok\":\"w\xc3\xb6rter, \xe2\x82\xac\"}\n");
}

TEST(Text, WhatIsNotUtf8IsRefusedBesideRowsToo) {
  Workplace place;
  runstone::Run run = place.start();
  expect_refused(run.config().set("k", kBad), "'k'");
  expect_refused(run.config().set(kBad, 1), "a key");
  expect_refused(run.config().set_defaults({{"k", kBad}}), "'k'");
  expect_refused(run.config().update_locked({{"k", kBad}}, "me"), "'k'");
  expect_refused(run.summary().set("k", kBad), "'k'");
  expect_refused(run.summary().set({"deep", kBad}, 1), "a key");
  expect_refused(run.alert(kBad, "text"), "the title");
  expect_refused(run.alert("title", kBad), "the text");
  expect_refused(run.set_name(kBad), "name");
  expect_refused(run.set_notes(kBad), "notes");
  const auto metric = run.define_metric(kBad);
  EXPECT_FALSE(metric);
  EXPECT_TRUE(run.config().all().empty() && run.summary().all().empty());
  for (const auto change : {+[](InitOptions& o) {
                              o.config = {{"k", kBad}};
                            },
                            +[](InitOptions& o) { o.name = kBad; }}) {
    InitOptions options = place.options();
    change(options);
    const auto refused = runstone::Run::init(options);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(Text, AsciiIsToldAtEveryLengthAndPlace) {
  for (std::size_t size = 0; size < 40; ++size) {
    std::string text(size, 'x');
    EXPECT_TRUE(is_ascii(text)) << size;
    for (std::size_t at = 0; at < size; ++at) {
      text[at] = static_cast<char>(0x80);
      EXPECT_FALSE(is_ascii(text)) << size << " " << at;
      text[at] = 'x';
    }
  }
}

}  // namespace
}  // namespace runstone
