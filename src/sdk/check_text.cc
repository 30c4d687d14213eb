#include "sdk/check_text.h"

#include "base/encoding.h"
#include "base/try.h"

namespace runstone {
namespace {

bool is_text(std::string_view text) { return is_ascii(text) || is_valid_utf8(text); }

// The key itself may not be printable.
Failure not_text(const std::string& what) {
  return fail(ErrorCode::kInvalidArgument, what + " is not UTF-8 text");
}

std::string value_of(std::string_view key) { return "the value of '" + std::string(key) + "'"; }

}  // namespace

Result<void> check_text(const char* what, std::string_view text) {
  if (is_text(text)) return {};
  return not_text(what);
}

Result<void> check_texts(std::string_view key, const Value& value) {
  if (const std::string* text = value.if_string()) {
    if (!is_text(*text)) return not_text(value_of(key));
  } else if (const List* list = value.if_list()) {
    for (const Value& item : *list) RUNSTONE_TRY(check_texts(key, item));
  } else if (const Dict* dict = value.if_dict()) {
    RUNSTONE_TRY(check_texts(*dict));
  }
  return {};
}

Result<void> check_texts(const Dict& dict) {
  for (const auto& [key, value] : dict) {
    if (!is_text(key)) return not_text("a key");
    RUNSTONE_TRY(check_texts(key, value));
  }
  return {};
}

Result<void> check_texts(const Field& field) {
  if (!is_text(field.key)) return not_text("a key");
  switch (field.value.kind()) {
    case ValueRef::Kind::kText:
    case ValueRef::Kind::kJson:
      if (!is_text(field.value.text())) return not_text(value_of(field.key));
      return {};
    case ValueRef::Kind::kValue:
      return check_texts(field.key, field.value.value());
    default:
      return {};
  }
}

}  // namespace runstone
