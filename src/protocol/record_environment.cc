#include "protocol/record_environment.h"

#include <charconv>
#include <cstdio>
#include <ctime>

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "base/clock.h"
#include "protocol/record_fields.h"
#include "runstone/span.h"

namespace runstone::protocol {

namespace {

struct Field {
  enum class Kind { kText, kTexts, kUint32, kUint64, kTimestamp, kMessage, kMessages, kMap };
  std::uint32_t number;
  const char* name;  // in wandb-metadata.json
  Kind kind;
  Span<const Field> fields = {};  // of the message, or of the map's value (empty: text)
};
using Kind = Field::Kind;

constexpr Field kGit[] = {{1, "remote", Kind::kText}, {2, "commit", Kind::kText}};
constexpr Field kDisk[] = {{1, "total", Kind::kUint64}, {2, "used", Kind::kUint64}};
constexpr Field kMemory[] = {{1, "total", Kind::kUint64}};
constexpr Field kCpu[] = {
    {1, "count", Kind::kUint32}, {2, "countLogical", Kind::kUint32}, {3, "model", Kind::kText}};
constexpr Field kApple[] = {{1, "name", Kind::kText},
                            {2, "ecpuCores", Kind::kUint32},
                            {3, "pcpuCores", Kind::kUint32},
                            {4, "gpuCores", Kind::kUint32},
                            {5, "memoryGb", Kind::kUint32},
                            {6, "swapTotalBytes", Kind::kUint64},
                            {7, "ramTotalBytes", Kind::kUint64},
                            {8, "macModel", Kind::kText}};
constexpr Field kGpuNvidia[] = {{1, "name", Kind::kText},        {2, "memoryTotal", Kind::kUint64},
                                {3, "cudaCores", Kind::kUint32}, {4, "architecture", Kind::kText},
                                {5, "uuid", Kind::kText},        {6, "pciBusId", Kind::kText},
                                {7, "numaNode", Kind::kUint32}};
constexpr Field kGpuAmd[] = {
    {1, "id", Kind::kText},           {2, "uniqueId", Kind::kText},
    {3, "vbiosVersion", Kind::kText}, {4, "performanceLevel", Kind::kText},
    {5, "gpuOverdrive", Kind::kText}, {6, "gpuMemoryOverdrive", Kind::kText},
    {7, "maxPower", Kind::kText},     {8, "series", Kind::kText},
    {9, "model", Kind::kText},        {10, "vendor", Kind::kText},
    {11, "sku", Kind::kText},         {12, "sclkRange", Kind::kText},
    {13, "mclkRange", Kind::kText}};
constexpr Field kTrainium[] = {{1, "name", Kind::kText},
                               {2, "vendor", Kind::kText},
                               {3, "neuronDeviceCount", Kind::kUint32},
                               {4, "neuroncorePerDeviceCount", Kind::kUint32}};
constexpr Field kTpu[] = {{1, "name", Kind::kText},
                          {2, "hbmGib", Kind::kUint32},
                          {3, "devicesPerChip", Kind::kUint32},
                          {4, "count", Kind::kUint32}};
constexpr Field kCoreweave[] = {
    {1, "clusterName", Kind::kText}, {2, "orgId", Kind::kText}, {3, "region", Kind::kText}};
constexpr Field kEnvironment[] = {{1, "os", Kind::kText},
                                  {2, "python", Kind::kText},
                                  {3, "startedAt", Kind::kTimestamp},
                                  {4, "docker", Kind::kText},
                                  {5, "args", Kind::kTexts},
                                  {6, "program", Kind::kText},
                                  {7, "codePath", Kind::kText},
                                  {8, "codePathLocal", Kind::kText},
                                  {9, "git", Kind::kMessage, kGit},
                                  {10, "email", Kind::kText},
                                  {11, "root", Kind::kText},
                                  {12, "host", Kind::kText},
                                  {13, "username", Kind::kText},
                                  {14, "executable", Kind::kText},
                                  {15, "colab", Kind::kText},
                                  {16, "cpu_count", Kind::kUint32},
                                  {17, "cpu_count_logical", Kind::kUint32},
                                  {18, "gpu", Kind::kText},
                                  {19, "gpu_count", Kind::kUint32},
                                  {20, "disk", Kind::kMap, kDisk},
                                  {21, "memory", Kind::kMessage, kMemory},
                                  {22, "cpu", Kind::kMessage, kCpu},
                                  {23, "apple", Kind::kMessage, kApple},
                                  {24, "gpu_nvidia", Kind::kMessages, kGpuNvidia},
                                  {25, "cudaVersion", Kind::kText},
                                  {26, "gpu_amd", Kind::kMessages, kGpuAmd},
                                  {27, "slurm", Kind::kMap},
                                  {28, "trainium", Kind::kMessage, kTrainium},
                                  {29, "tpu", Kind::kMessage, kTpu},
                                  {30, "coreweave", Kind::kMessage, kCoreweave},
                                  {199, "writerId", Kind::kText}};

Dict decode_message(protozero::pbf_reader message, Span<const Field> fields);

Value& element(Dict& dict, const char* name, Value empty) {
  Value* const found = dict.find(name);
  return found != nullptr ? *found : dict.set(name, std::move(empty));
}

void decode_map_entry(Dict& map, protozero::pbf_reader entry, Span<const Field> fields) {
  std::string key;
  Value value = fields.empty() ? Value(std::string()) : Value(Dict());
  while (entry.next()) {
    if (is_bytes(entry, 1))
      key = entry.get_string();
    else if (!is_bytes(entry, 2))
      entry.skip();
    else if (fields.empty())
      value = entry.get_string();
    else
      value = decode_message(entry.get_message(), fields);
  }
  map.set(key, std::move(value));
}

void decode_field(Dict& dict, protozero::pbf_reader& message, const Field& field) {
  switch (field.kind) {
    case Kind::kText:
      dict.set(field.name, message.get_string());
      return;
    case Kind::kTexts:
      element(dict, field.name, List()).if_list()->emplace_back(message.get_string());
      return;
    case Kind::kUint32:
      dict.set(field.name, message.get_uint32());
      return;
    // JSON readers lose such numbers past 2^53, so they are text in that file.
    case Kind::kUint64:
      dict.set(field.name, std::to_string(message.get_uint64()));
      return;
    case Kind::kTimestamp:
      dict.set(field.name, to_rfc3339(read_timestamp(message.get_message()), true));
      return;
    case Kind::kMessage:
      dict.set(field.name, decode_message(message.get_message(), field.fields));
      return;
    case Kind::kMessages:
      element(dict, field.name, List())
          .if_list()
          ->emplace_back(decode_message(message.get_message(), field.fields));
      return;
    case Kind::kMap:
      decode_map_entry(*element(dict, field.name, Dict()).if_dict(), message.get_message(),
                       field.fields);
      return;
  }
}

Dict decode_message(protozero::pbf_reader message, Span<const Field> fields) {
  Dict dict;
  while (message.next()) {
    const Field* known = nullptr;
    for (const auto& field : fields) {
      if (field.number == message.tag()) known = &field;
    }
    const bool is_number =
        known != nullptr && (known->kind == Kind::kUint32 || known->kind == Kind::kUint64);
    const auto wire =
        is_number ? protozero::pbf_wire_type::varint : protozero::pbf_wire_type::length_delimited;
    if (known == nullptr || message.wire_type() != wire)
      message.skip();
    else
      decode_field(dict, message, *known);
  }
  return dict;
}

std::uint64_t unsigned_of(const Value& value) {
  if (const auto* number = value.if_int()) return static_cast<std::uint64_t>(*number);
  const auto text = value.string_or("");
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string encode_message(const Dict& dict, Span<const Field> fields);

void encode_field(std::string& out, const Field& field, const Value& value) {
  protozero::pbf_writer writer(out);
  const Dict empty;
  const auto dict_of = [&](const Value& v) -> const Dict& {
    return v.if_dict() != nullptr ? *v.if_dict() : empty;
  };
  switch (field.kind) {
    case Kind::kText:
      writer.add_string(field.number, std::string(value.string_or("")));
      return;
    case Kind::kTexts:
      if (value.is_list()) {
        for (const auto& text : *value.if_list()) {
          writer.add_string(field.number, std::string(text.string_or("")));
        }
      }
      return;
    case Kind::kUint32:
      writer.add_uint32(field.number, static_cast<std::uint32_t>(unsigned_of(value)));
      return;
    case Kind::kUint64:
      writer.add_uint64(field.number, unsigned_of(value));
      return;
    case Kind::kTimestamp:
      write_timestamp(out, field.number, parse_rfc3339(value.string_or("")));
      return;
    case Kind::kMessage:
      writer.add_message(field.number, encode_message(dict_of(value), field.fields));
      return;
    case Kind::kMessages:
      if (value.is_list()) {
        for (const auto& one : *value.if_list()) {
          writer.add_message(field.number, encode_message(dict_of(one), field.fields));
        }
      }
      return;
    case Kind::kMap:
      for (const auto& [key, one] : dict_of(value)) {
        std::string entry;
        protozero::pbf_writer entry_writer(entry);
        entry_writer.add_string(1, key);
        if (field.fields.empty())
          entry_writer.add_string(2, std::string(one.string_or("")));
        else
          entry_writer.add_message(2, encode_message(dict_of(one), field.fields));
        writer.add_message(field.number, entry);
      }
      return;
  }
}

std::string encode_message(const Dict& dict, Span<const Field> fields) {
  std::string out;
  for (const auto& field : fields) {
    const Value* const value = dict.find(field.name);
    if (value != nullptr && !value->is_null()) encode_field(out, field, *value);
  }
  return out;
}

}  // namespace

Dict decode_environment(std::string_view bytes) {
  return decode_message(protozero::pbf_reader(bytes.data(), bytes.size()), kEnvironment);
}
std::string encode_environment(const Dict& metadata) {
  return encode_message(metadata, kEnvironment);
}

std::int64_t parse_rfc3339(std::string_view text) {
  std::tm time{};
  double seconds = 0;
  if (std::sscanf(std::string(text).c_str(), "%d-%d-%dT%d:%d:%lf", &time.tm_year, &time.tm_mon,
                  &time.tm_mday, &time.tm_hour, &time.tm_min, &seconds) != 6) {
    return 0;
  }
  time.tm_year -= 1900;
  time.tm_mon -= 1;
  return std::int64_t{::timegm(&time)} * 1'000'000 + static_cast<std::int64_t>(seconds * 1e6 + 0.5);
}

}  // namespace runstone::protocol
