#include "sdk/tfevents.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

#include <protozero/pbf_writer.hpp>

#include "sdk/test_run.h"

namespace runstone {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::read_journal;
using testing_support::Workplace;

std::string little_endian(std::uint64_t number, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(number >> (8 * i)));
  return out;
}

/// The TFRecord framing of one event.
std::string framed(const std::string& event) {
  const std::string length = little_endian(event.size(), 8);
  return length + little_endian(masked_crc32c(length), 4) + event +
         little_endian(masked_crc32c(event), 4);
}

std::string event_of(std::int64_t step, const std::string& summary) {
  std::string bytes;
  protozero::pbf_writer event(bytes);
  event.add_double(1, 1'795'440'000.5);
  event.add_int64(2, step);
  event.add_message(5, summary);
  return bytes;
}

std::string scalar(const std::string& tag, float value) {
  std::string bytes;
  protozero::pbf_writer item(bytes);
  item.add_string(1, tag);
  item.add_float(2, value);
  std::string summary;
  protozero::pbf_writer(summary).add_message(1, bytes);
  return summary;
}

TEST(TfEvents, TheChecksumIsThatOfTensorFlow) {
  // CRC-32C of "123456789" is e3069283 (RFC 3720); masked as TensorFlow's crc32c.h says.
  const std::uint32_t crc = 0xe3069283u;
  EXPECT_EQ(masked_crc32c("123456789"), ((crc >> 15) | (crc << 17)) + 0xa282ead8u);
}

TEST(TfEvents, EveryKindOfValueIsRead) {
  const auto value = [](auto&& fill) {
    std::string bytes;
    protozero::pbf_writer item(bytes);
    fill(item);
    std::string summary;
    protozero::pbf_writer(summary).add_message(1, bytes);
    return summary;
  };
  const auto plugin = [](protozero::pbf_writer& item, const char* name) {
    protozero::pbf_writer metadata(item, 9);
    protozero::pbf_writer data(metadata, 1);
    data.add_string(1, name);
  };
  std::string summary = scalar("loss", 0.5F);
  summary += value([&](auto& item) {
    item.add_string(1, "old histogram");
    protozero::pbf_writer histogram(item, 5);
    histogram.add_double(1, -1.0);
    histogram.add_double(2, 7.0);
    const double limits[] = {0.0, 5.0, 1.7976931348623157e308}, counts[] = {1, 2, 3};
    histogram.add_packed_double(6, std::begin(limits), std::end(limits));
    histogram.add_packed_double(7, std::begin(counts), std::end(counts));
  });
  summary += value([&](auto& item) {
    item.add_string(1, "scalar tensor");
    plugin(item, "scalars");
    protozero::pbf_writer tensor(item, 8);
    tensor.add_enum(1, 1);
    const float number = 0.25F;
    tensor.add_bytes(4, reinterpret_cast<const char*>(&number), sizeof number);
  });
  summary += value([&](auto& item) {
    item.add_string(1, "text");
    plugin(item, "text");
    protozero::pbf_writer tensor(item, 8);
    tensor.add_enum(1, 7);
    tensor.add_bytes(8, "héllo");
  });
  summary += value([&](auto& item) {
    item.add_string(1, "image");
    protozero::pbf_writer image(item, 4);
    image.add_int32(1, 4);
    image.add_bytes(4, "PNG");
  });
  summary += value([&](auto& item) {
    item.add_string(1, "unknown");
    plugin(item, "mesh");
    protozero::pbf_writer tensor(item, 8);
    tensor.add_enum(1, 7);
    tensor.add_bytes(8, "x");
  });
  const auto event = parse_tf_event(event_of(7, summary));
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(event->step, 7);
  ASSERT_EQ(event->values.size(), 5u);
  EXPECT_EQ(event->values[0].number, 0.5);
  EXPECT_THAT(event->values[1].edges, ElementsAre(-1, 0, 5, 7));
  EXPECT_THAT(event->values[1].counts, ElementsAre(1, 2, 3));
  EXPECT_EQ(event->values[2].number, 0.25);
  EXPECT_EQ(event->values[3].bytes, "héllo");
  EXPECT_EQ(event->values[4].bytes, "PNG");
}

// As the stock client has them, measured: a scalar as its writer spelt it.
TEST(TfEvents, AScalarIsTheShortestNumberThatIsItsFloat) {
  const auto number = [](float written) {
    return parse_tf_event(event_of(1, scalar("a", written)))->values.at(0).number;
  };
  EXPECT_EQ(number(0.2F), 0.2);
  EXPECT_EQ(number(-1e-30F), -1e-30);
  EXPECT_EQ(number(16777216.0F), 16777216.0);
  EXPECT_EQ(number(std::numeric_limits<float>::infinity()), HUGE_VAL);
  EXPECT_TRUE(std::isnan(number(std::numeric_limits<float>::quiet_NaN())));
}

TEST(TfEvents, AFileIsReadWhileItGrowsAndADamagedOneEndsThere) {
  Workplace place;
  const std::string path = place.path() + "/events.out.tfevents.1";
  const std::string first = framed(event_of(1, scalar("a", 1)));
  std::string second = framed(event_of(2, scalar("a", 2)));
  std::ofstream file(path, std::ios::binary);
  file << first << second.substr(0, 20) << std::flush;
  auto reader = TfEventReader::open(path);
  ASSERT_TRUE(reader);
  EXPECT_EQ((**reader->next()).step, 1);
  EXPECT_FALSE(*reader->next());
  file << second.substr(20) << std::flush;
  EXPECT_EQ((**reader->next()).step, 2);
  second[15] = static_cast<char>(second[15] ^ 1);
  file << second << std::flush;
  const auto damaged = reader->next();
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, ErrorCode::kCorrupt);
}

TEST(TfEvents, OfAValueInSeveralFormsTheLastCountsAlone) {
  std::string item;
  protozero::pbf_writer value(item);
  value.add_string(1, "twice");
  for (int i = 0; i < 2; ++i) {
    protozero::pbf_writer histogram(value, 5);
    const double limits[] = {1.0, 2.0}, counts[] = {3, 4};
    histogram.add_packed_double(6, std::begin(limits), std::end(limits));
    histogram.add_packed_double(7, std::begin(counts), std::end(counts));
  }
  std::string summary;
  protozero::pbf_writer(summary).add_message(1, item);
  value.add_float(2, 0.5F);
  protozero::pbf_writer(summary).add_message(1, item);
  const auto event = parse_tf_event(event_of(1, summary));
  ASSERT_TRUE(event) << event.error().message;
  ASSERT_EQ(event->values.size(), 2u);
  EXPECT_THAT(event->values[0].counts, ElementsAre(3, 4));
  EXPECT_EQ(event->values[0].edges.size(), 3u);
  EXPECT_EQ(event->values[1].kind, TfValue::Kind::kNumber);
  EXPECT_EQ(event->values[1].number, 0.5);
  EXPECT_TRUE(event->values[1].counts.empty());
}

TEST(TfEvents, NothingThatIsReadCanHarm) {
  const std::string whole = event_of(3, scalar("a", 1));
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    static_cast<void>(parse_tf_event(whole.substr(0, cut)));
    std::string changed = whole;
    changed[cut] = static_cast<char>(changed[cut] ^ 0x55);
    static_cast<void>(parse_tf_event(changed));
  }
}

TEST(Tensorboard, StepsOfEventFilesBecomeRowsAndStepIsIgnored) {
  Workplace place;
  runstone::Run run = place.start();
  for (const char* part : {"train", "eval"}) {
    const std::string directory = place.path() + "/logs/" + part;
    std::filesystem::create_directories(directory);
    std::ofstream file(directory + "/events.out.tfevents.1", std::ios::binary);
    file << framed(event_of(10, scalar("loss", 1))) << framed(event_of(10, scalar("acc", 2)))
         << framed(event_of(20, scalar("loss", 3)));
    file.close();
    ASSERT_TRUE(run.sync_tensorboard(directory));
  }
  ASSERT_TRUE(run.log({{"own", 1}}, {.step = 70}));
  run.finish();
  const auto journal = read_journal(run.sync_dir());
  std::vector<std::string> rows;
  for (const auto& row : journal.rows) rows.push_back(row.text());
  EXPECT_THAT(rows, testing::UnorderedElementsAre(
                        R"({"own":1})", R"({"train/loss":1,"train/acc":2,"global_step":10})",
                        R"({"train/loss":3,"global_step":20})",
                        R"({"eval/loss":1,"eval/acc":2,"global_step":10})",
                        R"({"eval/loss":3,"global_step":20})"));
  EXPECT_THAT(place.all_lines(), HasSubstr("step= is ignored with sync_tensorboard"));
  EXPECT_TRUE(std::filesystem::exists(run.dir() + "/train/events.out.tfevents.1"));
}

TEST(Tensorboard, ADirectoryOutsideOfItsRootIsRefused) {
  Workplace place;
  runstone::Run run = place.start();
  const auto refused = run.sync_tensorboard(place.path() + "/a", place.path() + "/b");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace runstone
