#include "sdk/tfevents.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include <protozero/pbf_reader.hpp>

#include "base/try.h"
#include "protocol/wire_field.h"

namespace runstone {
namespace {

using protozero::pbf_reader;

constexpr std::size_t kHeaderBytes = 12, kFooterBytes = 4;
constexpr std::uint64_t kMaxRecordBytes = 256u << 20;
constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::size_t kMaxBins = 512;

using Wire = protozero::pbf_wire_type;
using protocol::is;

bool is_one_or_packed(const pbf_reader& message, std::uint32_t field, Wire one) {
  return is(message, field, one) || is(message, field, Wire::length_delimited);
}

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0u);
    table[i] = crc;
  }
  return table;
}
constexpr auto kCrcTable = make_table();

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    number = number << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return number;
}

/// The types of a tensor that scalars, histograms and texts come in.
enum DataType {
  kFloat = 1,
  kDouble = 2,
  kInt32 = 3,
  kString = 7,
  kInt64 = 9,
  kBool = 10,
  kHalf = 19
};

struct Tensor {
  int type = 0;
  std::vector<double> numbers;
  std::vector<std::string> texts;
};

double half_to_double(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1f;
  const double fraction = (bits & 0x3ff) / 1024.0;
  double value = 0;
  if (exponent == 31) {
    value = fraction == 0 ? std::numeric_limits<double>::infinity()
                          : std::numeric_limits<double>::quiet_NaN();
  } else if (exponent == 0) {
    value = fraction / 16384;
  } else {
    value = (1 + fraction) * (exponent >= 15 ? static_cast<double>(1 << (exponent - 15))
                                             : 1.0 / (1 << (15 - exponent)));
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

template <typename T>
void add_content(std::vector<double>& numbers, std::string_view content) {
  for (std::size_t at = 0; at + sizeof(T) <= content.size(); at += sizeof(T)) {
    T value;
    std::memcpy(&value, content.data() + at, sizeof value);
    numbers.push_back(static_cast<double>(value));
  }
}

Tensor read_tensor(pbf_reader message) {
  Tensor tensor;
  std::string_view content;
  const auto numbers = [&](auto range) {
    for (const auto value : range) tensor.numbers.push_back(static_cast<double>(value));
  };
  while (message.next()) {
    const bool packed = message.wire_type() == Wire::length_delimited;
    if (is(message, 1, Wire::varint)) {
      tensor.type = message.get_enum();
    } else if (is(message, 4, Wire::length_delimited)) {
      const auto view = message.get_view();
      content = std::string_view(view.data(), view.size());
    } else if (is_one_or_packed(message, 5, Wire::fixed32)) {
      packed ? numbers(message.get_packed_float()) : tensor.numbers.push_back(message.get_float());
    } else if (is_one_or_packed(message, 6, Wire::fixed64)) {
      packed ? numbers(message.get_packed_double())
             : tensor.numbers.push_back(message.get_double());
    } else if (is_one_or_packed(message, 7, Wire::varint)) {
      packed ? numbers(message.get_packed_int32()) : tensor.numbers.push_back(message.get_int32());
    } else if (is(message, 8, Wire::length_delimited)) {
      tensor.texts.push_back(message.get_string());
    } else if (is_one_or_packed(message, 10, Wire::varint)) {
      packed ? numbers(message.get_packed_int64())
             : tensor.numbers.push_back(static_cast<double>(message.get_int64()));
    } else if (is(message, 13, Wire::length_delimited)) {
      for (const auto bits : message.get_packed_int32()) {
        tensor.numbers.push_back(half_to_double(static_cast<std::uint16_t>(bits)));
      }
    } else {
      message.skip();
    }
  }
  switch (tensor.type) {
    case kFloat:
      add_content<float>(tensor.numbers, content);
      break;
    case kDouble:
      add_content<double>(tensor.numbers, content);
      break;
    case kInt32:
      add_content<std::int32_t>(tensor.numbers, content);
      break;
    case kInt64:
      add_content<std::int64_t>(tensor.numbers, content);
      break;
    case kBool:
      add_content<std::uint8_t>(tensor.numbers, content);
      break;
    case kHalf:
      for (std::size_t at = 0; at + 2 <= content.size(); at += 2) {
        const auto bits = static_cast<std::uint16_t>(little_endian(content.substr(at, 2)));
        tensor.numbers.push_back(half_to_double(bits));
      }
      break;
    default:
      break;
  }
  return tensor;
}

std::string read_plugin(pbf_reader metadata) {
  std::string name;
  while (metadata.next()) {
    if (!is(metadata, 1, Wire::length_delimited)) {
      metadata.skip();
      continue;
    }
    pbf_reader plugin = metadata.get_message();
    while (plugin.next()) {
      if (is(plugin, 1, Wire::length_delimited)) {
        name = plugin.get_string();
      } else {
        plugin.skip();
      }
    }
  }
  return name;
}

/// Neighbouring bins are joined until there are few enough.
void limit_bins(TfValue& value) {
  while (value.counts.size() > kMaxBins) {
    std::vector<double> counts, edges;
    for (std::size_t i = 0; i < value.counts.size(); i += 2) {
      counts.push_back(value.counts[i] + (i + 1 < value.counts.size() ? value.counts[i + 1] : 0));
      edges.push_back(value.edges[i]);
    }
    edges.push_back(value.edges.back());
    value.counts = std::move(counts);
    value.edges = std::move(edges);
  }
}

/// A histogram of the old form has right edges only, the last of them often the largest double.
bool read_histogram(pbf_reader message, TfValue& value) {
  double least = 0, greatest = 0;
  std::vector<double> limits;
  const auto add = [&](std::vector<double>& to) {
    if (message.wire_type() == Wire::length_delimited) {
      for (const double number : message.get_packed_double()) to.push_back(number);
    } else {
      to.push_back(message.get_double());
    }
  };
  while (message.next()) {
    if (is(message, 1, Wire::fixed64)) {
      least = message.get_double();
    } else if (is(message, 2, Wire::fixed64)) {
      greatest = message.get_double();
    } else if (is_one_or_packed(message, 6, Wire::fixed64)) {
      add(limits);
    } else if (is_one_or_packed(message, 7, Wire::fixed64)) {
      add(value.counts);
    } else {
      message.skip();
    }
  }
  if (limits.empty() || limits.size() != value.counts.size()) return false;
  value.edges.push_back(std::min(least, limits.front()));
  value.edges.insert(value.edges.end(), limits.begin(), limits.end());
  const double before_last = value.edges[value.edges.size() - 2];
  if (value.edges.back() > 1e300) value.edges.back() = std::max(greatest, before_last);
  limit_bins(value);
  return true;
}

/// Rows of left edge, right edge, count.
bool take_histogram(const Tensor& tensor, TfValue& value) {
  if (tensor.numbers.empty() || tensor.numbers.size() % 3 != 0) return false;
  for (std::size_t i = 0; i < tensor.numbers.size(); i += 3) {
    value.edges.push_back(tensor.numbers[i]);
    value.counts.push_back(tensor.numbers[i + 2]);
  }
  value.edges.push_back(tensor.numbers[tensor.numbers.size() - 2]);
  limit_bins(value);
  return true;
}

/// False for a kind that is not known here.
bool take_tensor(Tensor tensor, const std::string& plugin, TfValue& value) {
  if (plugin == "histograms") {
    value.kind = TfValue::Kind::kHistogram;
    return take_histogram(tensor, value);
  }
  if (plugin == "images" && tensor.texts.size() > 2) {  // width, height, then the pictures
    value.kind = TfValue::Kind::kImage;
    value.bytes = std::move(tensor.texts[2]);
    return true;
  }
  if (plugin == "text" && !tensor.texts.empty()) {
    value.kind = TfValue::Kind::kText;
    value.bytes = std::move(tensor.texts.front());
    return true;
  }
  if ((plugin == "scalars" || plugin.empty()) && tensor.numbers.size() == 1) {
    value.number = tensor.numbers.front();
    return true;
  }
  return false;
}

bool read_image(pbf_reader image, TfValue& value) {
  while (image.next()) {
    if (is(image, 4, Wire::length_delimited)) {
      value.bytes = image.get_string();
    } else {
      image.skip();
    }
  }
  return !value.bytes.empty();
}

/// 0.1, not 0.10000000149: the shortest number that is this float, as its writer had it.
double as_written(float number) {
  if (!std::isfinite(number)) return static_cast<double>(number);
  char text[32];
  const char* const end = std::to_chars(text, text + sizeof text, number).ptr;
  double value = 0;
  std::from_chars(text, end, value);
  return value;
}

std::optional<TfValue> read_value(pbf_reader message) {
  TfValue value;
  std::string plugin;
  std::optional<Tensor> tensor;
  bool known = false;
  // A value has one form. Of several, as damaged bytes may say, the last counts, and alone.
  const auto begin = [&](TfValue::Kind kind) {
    TfValue fresh;
    fresh.kind = kind;
    fresh.tag = std::move(value.tag);
    value = std::move(fresh);
  };
  while (message.next()) {
    if (is(message, 1, Wire::length_delimited)) {
      value.tag = message.get_string();
    } else if (is(message, 2, Wire::fixed32)) {
      begin(TfValue::Kind::kNumber);
      value.number = as_written(message.get_float());
      known = true;
    } else if (is(message, 4, Wire::length_delimited)) {
      begin(TfValue::Kind::kImage);
      known = read_image(message.get_message(), value);
    } else if (is(message, 5, Wire::length_delimited)) {
      begin(TfValue::Kind::kHistogram);
      known = read_histogram(message.get_message(), value);
    } else if (is(message, 8, Wire::length_delimited)) {
      tensor = read_tensor(message.get_message());
    } else if (is(message, 9, Wire::length_delimited)) {
      plugin = read_plugin(message.get_message());
    } else {
      message.skip();
    }
  }
  if (tensor) {
    begin(TfValue::Kind::kNumber);
    known = take_tensor(*std::move(tensor), plugin, value);
  }
  if (!known || value.tag.empty()) return std::nullopt;
  return value;
}

}  // namespace

std::uint32_t masked_crc32c(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFFu;
  for (const char c : bytes) {
    crc = (crc >> 8) ^ kCrcTable[(crc ^ static_cast<unsigned char>(c)) & 0xFF];
  }
  crc = ~crc;
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

Result<TfEvent> parse_tf_event(std::string_view bytes) {
  TfEvent event;
  // protozero throws for bytes that are no message.
  try {
    pbf_reader message(bytes.data(), bytes.size());
    while (message.next()) {
      if (is(message, 1, Wire::fixed64)) {
        event.wall_time = message.get_double();
      } else if (is(message, 2, Wire::varint)) {
        event.step = message.get_int64();
      } else if (is(message, 5, Wire::length_delimited)) {
        pbf_reader summary = message.get_message();
        while (summary.next()) {
          if (!is(summary, 1, Wire::length_delimited)) {
            summary.skip();
            continue;
          }
          if (auto value = read_value(summary.get_message())) {
            event.values.push_back(*std::move(value));
          }
        }
      } else {
        message.skip();
      }
    }
  } catch (const protozero::exception& error) {
    return fail(ErrorCode::kCorrupt, std::string("no event: ") + error.what());
  }
  return event;
}

Result<TfEventReader> TfEventReader::open(const std::string& path) {
  RUNSTONE_TRY(auto file, fs::real_file_system().open_read(path));
  return TfEventReader(std::move(file));
}

/// Whether the buffer has that many bytes.
Result<bool> TfEventReader::fill(std::size_t size) {
  while (buffer_.size() < size) {
    const std::size_t had = buffer_.size();
    buffer_.resize(had + kReadBytes);  // not what a length claims: the bytes may never come
    RUNSTONE_TRY(const auto got,
                 file_->read_at(file_offset_, {buffer_.data() + had, buffer_.size() - had}));
    buffer_.resize(had + got);
    file_offset_ += got;
    if (got == 0) return false;
  }
  return true;
}

Result<std::optional<TfEvent>> TfEventReader::next() {
  const auto damaged = [] {
    return fail(ErrorCode::kCorrupt, "an event's checksum is not that of its bytes");
  };
  RUNSTONE_TRY(const bool has_header, fill(kHeaderBytes));
  if (!has_header) return std::optional<TfEvent>();
  const std::string_view header(buffer_.data(), kHeaderBytes);
  const std::uint64_t size = little_endian(header.substr(0, 8));
  if (little_endian(header.substr(8)) != masked_crc32c(header.substr(0, 8))) return damaged();
  if (size > kMaxRecordBytes) return damaged();
  const auto whole = kHeaderBytes + static_cast<std::size_t>(size) + kFooterBytes;
  RUNSTONE_TRY(const bool is_whole, fill(whole));
  if (!is_whole) return std::optional<TfEvent>();
  const std::string_view body = std::string_view(buffer_).substr(kHeaderBytes, size);
  const auto checksum = std::string_view(buffer_).substr(kHeaderBytes + size, kFooterBytes);
  if (little_endian(checksum) != masked_crc32c(body)) return damaged();
  auto event = parse_tf_event(body);
  buffer_.erase(0, whole);
  if (!event) return fail(std::move(event).error());
  return std::optional<TfEvent>(*std::move(event));
}

}  // namespace runstone
