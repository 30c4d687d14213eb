#include "outcome.h"

namespace runstone {

void PrintTo(const Value& value, std::ostream* out) {
  if (const auto* truth = value.if_bool()) {
    *out << (*truth ? "true" : "false");
  } else if (value.is_number()) {
    if (const auto* integer = value.if_int()) {
      *out << *integer;
    } else {
      *out << testing::PrintToString(value.number_or(0));
    }
  } else if (const auto* text = value.if_string()) {
    *out << testing::PrintToString(*text);
  } else if (const auto* list = value.if_list()) {
    *out << '[';
    for (const Value& item : *list) {
      PrintTo(item, out);
      *out << ", ";
    }
    *out << ']';
  } else if (const auto* dict = value.if_dict()) {
    PrintTo(*dict, out);
  } else {
    *out << "null";
  }
}

void PrintTo(const Dict& dict, std::ostream* out) {
  *out << '{';
  for (const auto& [key, value] : dict) {
    *out << key << ": ";
    PrintTo(value, out);
    *out << ", ";
  }
  *out << '}';
}

}  // namespace runstone
