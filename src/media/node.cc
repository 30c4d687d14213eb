#include "media/node.h"

#include <cstring>

#include "media/array_elements.h"
#include "media/object.h"

namespace runstone::media {
namespace {

constexpr std::int64_t kUsPerSec = 1'000'000;
constexpr std::int64_t kSecsPerDay = 86'400;

std::string two_digits(std::int64_t number) {
  return {static_cast<char>('0' + number / 10), static_cast<char>('0' + number % 10)};
}

struct Date {
  std::int64_t year;
  int month, day;
};

// Days since 1970 to the proleptic Gregorian calendar: H. Hinnant, "chrono-Compatible Low-Level
// Date Algorithms", civil_from_days.
Date date_of(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const std::int64_t day_of_era = days - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t march_month = (5 * day_of_year + 2) / 153;
  const int month = static_cast<int>(march_month < 10 ? march_month + 3 : march_month - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month,
          static_cast<int>(day_of_year - (153 * march_month + 2) / 5 + 1)};
}

std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

Value nested(const NumberArray& array, std::size_t axis, std::size_t& element) {
  if (axis == array.shape.size()) return element_value(array, element++);
  List list;
  list.reserve(static_cast<std::size_t>(array.shape[axis]));
  for (std::int64_t i = 0; i < array.shape[axis]; ++i) {
    list.push_back(nested(array, axis + 1, element));
  }
  return Value(std::move(list));
}

template <typename T>
NumberArray array_of(Span<const T> values, std::vector<std::int64_t> shape, const char* dtype) {
  NumberArray array;
  array.shape = std::move(shape);
  array.dtype = dtype;
  array.bytes.assign(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  return array;
}

}  // namespace

Node Node::of(const Value& value) {
  Node node;
  if (const bool* flag = value.if_bool()) {
    node.data = *flag;
  } else if (const std::int64_t* integer = value.if_int()) {
    node.data = *integer;
  } else if (const double* number = value.if_double()) {
    node.data = *number;
  } else if (const std::string* text = value.if_string()) {
    node.data = *text;
  } else if (const List* list = value.if_list()) {
    NodeList items;
    items.reserve(list->size());
    for (const Value& item : *list) items.push_back(of(item));
    node.data = std::move(items);
  } else if (const Dict* dict = value.if_dict()) {
    NodeDict items;
    items.reserve(dict->size());
    for (const auto& [key, item] : *dict) items.emplace_back(key, of(item));
    node.data = std::move(items);
  }
  return node;
}

Value plain_value(const Node& node) {
  if (const bool* flag = node.if_is<bool>()) return *flag;
  if (const auto* integer = node.if_is<std::int64_t>()) return *integer;
  if (const auto* number = node.if_is<double>()) return *number;
  if (const auto* text = node.if_is<std::string>()) return *text;
  if (const auto* moment = node.if_is<Timestamp>()) return iso_text(*moment);
  if (const auto* object = node.if_is<std::shared_ptr<Object>>()) return class_name(**object);
  if (const auto* array = node.if_is<std::shared_ptr<const NumberArray>>()) {
    return nested_lists(**array);
  }
  if (const auto* foreign = node.if_is<Node::Foreign>()) return plain_value(*foreign->value);
  if (const auto* items = node.if_is<Node::NodeList>()) {
    List list;
    list.reserve(items->size());
    for (const Node& item : *items) list.push_back(plain_value(item));
    return Value(std::move(list));
  }
  if (const auto* items = node.if_is<Node::NodeDict>()) {
    Dict dict;
    for (const auto& [key, item] : *items) dict.set(key, plain_value(item));
    return Value(std::move(dict));
  }
  return {};
}

std::string iso_text(const Timestamp& moment) {
  const std::int64_t local_us = moment.unix_us + moment.utc_offset_secs.value_or(0) * kUsPerSec;
  const std::int64_t seconds = floor_divide(local_us, kUsPerSec);
  const std::int64_t days = floor_divide(seconds, kSecsPerDay);
  const std::int64_t second_of_day = seconds - days * kSecsPerDay;
  const std::int64_t us = local_us - seconds * kUsPerSec;
  const Date date = date_of(days);
  std::string year = std::to_string(date.year);
  if (date.year >= 0 && year.size() < 4) year.insert(0, 4 - year.size(), '0');
  std::string text = year + "-" + two_digits(date.month) + "-" + two_digits(date.day);
  if (moment.is_date) return text;
  text += "T" + two_digits(second_of_day / 3600) + ":" + two_digits(second_of_day / 60 % 60) + ":" +
          two_digits(second_of_day % 60);
  if (us != 0) {
    const std::string digits = std::to_string(us);
    text += "." + std::string(6 - digits.size(), '0') + digits;
  }
  if (moment.utc_offset_secs) {
    const std::int32_t offset = *moment.utc_offset_secs;
    if (offset == 0) return text + "Z";
    const std::int32_t size = offset < 0 ? -offset : offset;
    text += (offset < 0 ? "-" : "+") + two_digits(size / 3600) + ":" + two_digits(size / 60 % 60);
    if (size % 60 != 0) text += ":" + two_digits(size % 60);
  }
  return text;
}

std::int64_t unix_ms(const Timestamp& moment) { return moment.unix_us / 1000; }

std::size_t element_count(const NumberArray& array) {
  std::size_t count = 1;
  for (const std::int64_t size : array.shape) {
    if (size < 0) return 0;
    if (size > 0 && count > (std::size_t{1} << 48) / static_cast<std::size_t>(size)) return 0;
    count *= static_cast<std::size_t>(size);
  }
  return count;
}

Result<void> check_array(const NumberArray& array) {
  const std::size_t element_bytes = bytes_per_element(array.dtype);
  if (element_bytes == 0) {
    return fail(ErrorCode::kInvalidType,
                "an array in a table holds numbers or bools, not '" + array.dtype + "'");
  }
  if (element_count(array) * element_bytes == array.bytes.size()) return {};
  return fail(ErrorCode::kInvalidArgument,
              "an array's bytes do not fit its shape: " + std::to_string(array.bytes.size()) +
                  " bytes, " + std::to_string(element_count(array)) + " elements of " +
                  std::to_string(element_bytes));
}

Value nested_lists(const NumberArray& array) {
  std::size_t element = 0;
  return nested(array, 0, element);
}

std::string_view class_name(const Object& object) {
  switch (object.kind()) {
    case Kind::kImage:
      return "Image";
    case Kind::kVideo:
      return "Video";
    case Kind::kAudio:
      return "Audio";
    case Kind::kHtml:
      return "Html";
    case Kind::kObject3D:
      return "Object3D";
    case Kind::kMolecule:
      return "Molecule";
    case Kind::kPlotly:
      return "Plotly";
    case Kind::kHistogram:
      return "Histogram";
    case Kind::kTable:
      return "Table";
    case Kind::kGraph:
      return "Graph";
    case Kind::kChart:
      return "CustomChart";
    case Kind::kClasses:
      return "Classes";
    case Kind::kJoinedTable:
      return "JoinedTable";
  }
  return "";
}

}  // namespace runstone::media

namespace runstone {

NumberArray NumberArray::of(Span<const double> values, std::vector<std::int64_t> shape) {
  return media::array_of(values, std::move(shape), "<f8");
}
NumberArray NumberArray::of(Span<const float> values, std::vector<std::int64_t> shape) {
  return media::array_of(values, std::move(shape), "<f4");
}
NumberArray NumberArray::of(Span<const std::int64_t> values, std::vector<std::int64_t> shape) {
  return media::array_of(values, std::move(shape), "<i8");
}

}  // namespace runstone
