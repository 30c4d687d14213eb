#include "capi/fields.h"

#include <algorithm>
#include <cstring>

#include "base/json.h"

namespace runstone::capi {
namespace {

Failure wrong(std::string message) { return fail(ErrorCode::kInvalidArgument, std::move(message)); }

Result<void> check(const runstone_field& field) {
  if (field.key == nullptr) return wrong("a field's key is NULL");
  const bool is_text = field.kind == RUNSTONE_KIND_TEXT || field.kind == RUNSTONE_KIND_JSON;
  if (is_text && field.as.text == nullptr && field.size > 0) {
    return wrong("the text of '" + std::string(field.key, field.key_size) + "' is NULL");
  }
  if (field.kind == RUNSTONE_KIND_MEDIA_LIST && field.as.list == nullptr && field.size > 0) {
    return wrong("the list of '" + std::string(field.key, field.key_size) + "' is NULL");
  }
  if ((field.flags & ~RUNSTONE_KEY_IS_PATH) != 0) {
    return wrong("'" + std::string(field.key, field.key_size) + "' has unknown flags");
  }
  return {};
}

Result<void> check_all(const runstone_field* fields, std::size_t count) {
  RUNSTONE_TRY(array(fields, count, "the array of fields"));
  for (std::size_t i = 0; i < count; ++i) RUNSTONE_TRY(check(fields[i]));
  return {};
}

std::string_view text_of(const runstone_field& field) {
  return field.size == 0 ? std::string_view() : std::string_view(field.as.text, field.size);
}

Result<Value> parse_json(const runstone_field& field) {
  return json::parse(text_of(field)).transform_error([&](Error error) {
    return std::move(error).with_context("'" + std::string(field.key, field.key_size) + "'");
  });
}

Failure unknown_kind(const runstone_field& field) {
  return wrong("'" + std::string(field.key, field.key_size) + "' has the unknown kind " +
               std::to_string(field.kind));
}

}  // namespace

// --- rows

std::unique_ptr<RowFields::Parts>& RowFields::spare() {
  thread_local std::unique_ptr<Parts> parts;
  return parts;
}

// Taken, not shared: a printer that is called below this row may log, too.
RowFields::RowFields() : parts_(std::move(spare())) {
  if (parts_ == nullptr) parts_ = std::make_unique<Parts>();
}
RowFields::~RowFields() {
  parts_->fields.clear();
  parts_->keys.clear();
  parts_->values.clear();
  parts_->media.clear();
  spare() = std::move(parts_);
}

Answer RowFields::take(const runstone_field* fields, std::size_t count) {
  RUNSTONE_TRY(check_all(fields, count));
  for (std::size_t i = 0; i < count; ++i) {
    if (Answer taken = take_one(fields[i]); taken.status() != RUNSTONE_OK) return taken;
  }
  return {};
}

Answer RowFields::take_one(const runstone_field& given) {
  Field& field = parts_->fields.emplace_back();
  field.key = std::string_view(given.key, given.key_size);
  field.is_path = (given.flags & RUNSTONE_KEY_IS_PATH) != 0;
  switch (given.kind) {
    case RUNSTONE_KIND_NULL:
      return {};
    case RUNSTONE_KIND_BOOL:
      field.value = given.as.integer != 0;
      return {};
    case RUNSTONE_KIND_INT:
      field.value = given.as.integer;
      return {};
    case RUNSTONE_KIND_NUMBER:
      field.value = given.as.number;
      return {};
    case RUNSTONE_KIND_TEXT:
      field.value = text_of(given);
      return {};
    case RUNSTONE_KIND_JSON: {
      RUNSTONE_TRY(auto value, parse_json(given));
      field.value = parts_->values.emplace_back(std::move(value));
      return {};
    }
    case RUNSTONE_KIND_MEDIA:
    case RUNSTONE_KIND_MEDIA_LIST: {
      const bool is_list = given.kind == RUNSTONE_KIND_MEDIA_LIST;
      const runstone_media* const* handles = is_list ? given.as.list : &given.as.media;
      auto& media = parts_->media.emplace_back();
      for (std::size_t i = 0; i < (is_list ? given.size : 1); ++i) {
        const Pinned<Media> one(handles[i]);
        if (!one) return Answer::invalid_handle(HandleOf<Media>::kName);
        media.push_back(*one);
      }
      field.value = is_list ? ValueRef(media) : ValueRef(media.front());
      return {};
    }
    default:
      return unknown_kind(given);
  }
}

Answer RowFields::take_numbers(const char* const* keys, const std::size_t* key_sizes,
                               std::size_t count) {
  RUNSTONE_TRY(array(keys, count, "the array of keys"));
  for (std::size_t i = 0; i < count; ++i) {
    if (keys[i] == nullptr) return wrong("key " + std::to_string(i) + " is NULL");
    parts_->keys.emplace_back(keys[i], key_sizes == nullptr ? std::strlen(keys[i]) : key_sizes[i]);
  }
  return {};
}

// --- values

Result<Dict> to_dict(const runstone_field* fields, std::size_t count) {
  RUNSTONE_TRY(check_all(fields, count));
  Dict dict;
  for (std::size_t i = 0; i < count; ++i) {
    const runstone_field& field = fields[i];
    const std::string_view key(field.key, field.key_size);
    switch (field.kind) {
      case RUNSTONE_KIND_NULL:
        dict.set(key, nullptr);
        break;
      case RUNSTONE_KIND_BOOL:
        dict.set(key, field.as.integer != 0);
        break;
      case RUNSTONE_KIND_INT:
        dict.set(key, field.as.integer);
        break;
      case RUNSTONE_KIND_NUMBER:
        dict.set(key, field.as.number);
        break;
      case RUNSTONE_KIND_TEXT:
        dict.set(key, text_of(field));
        break;
      case RUNSTONE_KIND_JSON: {
        RUNSTONE_TRY(auto value, parse_json(field));
        dict.set(key, std::move(value));
        break;
      }
      case RUNSTONE_KIND_MEDIA:
      case RUNSTONE_KIND_MEDIA_LIST:
        return fail(ErrorCode::kInvalidType, "'" + std::string(key) + "' cannot be media here");
      default:
        return unknown_kind(field);
    }
  }
  return dict;
}

// --- options

OptionReader::OptionReader(const char* call, const runstone_field* options, std::size_t count)
    : call_(call) {
  auto read = to_dict(options, count);
  if (read) {
    options_ = *std::move(read);
  } else {
    problem_ = std::move(read).error().with_context(std::string(call) + "()");
  }
}

const Value* OptionReader::find(const char* name) {
  asked_.emplace_back(name);
  const Value* value = options_.find(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

void OptionReader::refuse(const char* name, const char* wanted) {
  if (problem_) return;
  problem_ = Error(ErrorCode::kInvalidType,
                   std::string(call_) + "(): the option '" + name + "' must be " + wanted);
}

void OptionReader::read(const char* name, std::optional<std::string>& into) {
  const Value* value = find(name);
  if (value == nullptr) return;
  if (!value->is_string()) return refuse(name, "text");
  into = *value->if_string();
}
void OptionReader::read(const char* name, std::string& into) {
  std::optional<std::string> text;
  read(name, text);
  if (text) into = *std::move(text);
}
void OptionReader::read(const char* name, std::optional<bool>& into) {
  const Value* value = find(name);
  if (value == nullptr) return;
  if (!value->is_bool()) return refuse(name, "a truth value");
  into = *value->if_bool();
}
void OptionReader::read(const char* name, bool& into) {
  std::optional<bool> flag;
  read(name, flag);
  into = flag.value_or(into);
}
void OptionReader::read(const char* name, std::optional<std::int64_t>& into) {
  const Value* value = find(name);
  if (value == nullptr) return;
  if (!value->is_int()) return refuse(name, "a whole number");
  into = *value->if_int();
}
void OptionReader::read(const char* name, double& into) {
  const Value* value = find(name);
  if (value == nullptr) return;
  if (!value->is_number()) return refuse(name, "a number");
  into = value->number_or(0);
}
void OptionReader::read(const char* name, std::vector<std::string>& into) {
  const Value* value = find(name);
  if (value == nullptr) return;
  const List* list = value->if_list();
  if (list == nullptr) return refuse(name, "a JSON list of texts");
  for (const Value& item : *list) {
    if (!item.is_string()) return refuse(name, "a JSON list of texts");
    into.push_back(*item.if_string());
  }
}
void OptionReader::read(const char* name, Dict& into) {
  const Value* value = find(name);
  if (value == nullptr) return;
  if (!value->is_dict()) return refuse(name, "a JSON dict");
  into = *value->if_dict();
}

Result<void> OptionReader::done() {
  if (problem_) return fail(*problem_);
  for (const auto& [name, value] : options_) {
    if (std::find(asked_.begin(), asked_.end(), name) != asked_.end()) continue;
    return wrong(std::string(call_) + "() has no option '" + name + "'");
  }
  return {};
}

}  // namespace runstone::capi
