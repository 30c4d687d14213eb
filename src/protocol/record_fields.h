#pragma once

#include <cstdint>
#include <string>

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "base/encoding.h"
#include "protocol/wire_field.h"

namespace runstone::protocol {

// What the files that read and write Record's messages share.

/// WriterRecord in RunRecord: a number that no version of the format uses; readers of the format
/// skip it.
inline constexpr std::uint32_t kWriterField = 1000;

/// What a record cannot be; like protozero's own, decode_record() catches it.
struct UnreadableRecord : protozero::exception {
  explicit UnreadableRecord(const char* why) : why_(why) {}
  const char* what() const noexcept override { return why_; }

 private:
  const char* why_;
};

/// The text of the field at hand. protobuf demands UTF-8 of it, and what is none would make a
/// server refuse the whole request that it is sent in.
inline std::string read_text(protozero::pbf_reader& message) {
  const auto view = message.get_view();
  if (!is_valid_utf8({view.data(), view.size()})) throw UnreadableRecord("a text that is no UTF-8");
  return {view.data(), view.size()};
}

/// google.protobuf.Timestamp.
inline std::int64_t read_timestamp(protozero::pbf_reader message) {
  std::int64_t seconds = 0;
  std::int64_t nanos = 0;
  while (message.next()) {
    if (is_varint(message, 1))
      seconds = message.get_int64();
    else if (is_varint(message, 2))
      nanos = message.get_int32();
    else
      message.skip();
  }
  // Bytes read back may say anything; past what microseconds can hold there is no time to tell.
  constexpr std::int64_t kSecondsMax = 9'000'000'000'000;
  if (seconds > kSecondsMax || seconds < -kSecondsMax) return 0;
  return seconds * 1'000'000 + nanos / 1000;
}

inline void write_timestamp(std::string& out, std::uint32_t field, std::int64_t time_us) {
  if (time_us == 0) return;
  std::int64_t seconds = time_us / 1'000'000;
  std::int64_t micros = time_us % 1'000'000;
  if (micros < 0) {
    --seconds;
    micros += 1'000'000;
  }
  std::string timestamp;
  protozero::pbf_writer writer(timestamp);
  writer.add_int64(1, seconds);
  if (micros != 0) writer.add_int32(2, static_cast<std::int32_t>(micros * 1000));
  protozero::pbf_writer(out).add_message(field, timestamp);
}

}  // namespace runstone::protocol
