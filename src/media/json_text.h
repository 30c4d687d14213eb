#pragma once

#include <string>
#include <string_view>

#include "media/node.h"
#include "runstone/value.h"

namespace runstone::media {

/// How the stock client spells the JSON of tables, byte for byte, so that one table has one digest
/// whoever logged it. Compact UTF-8 in the files of a run; in artifacts as Python's json.dump(...,
/// sort_keys=True) does: spaces after `,` and `:`, ASCII alone, sorted keys, NaN as null.
class JsonText {
 public:
  enum class Form { kCompact, kArtifact };
  explicit JsonText(Form form) : form_(form) {}

  std::string& text() { return text_; }
  std::string take() && { return std::move(text_); }
  Form form() const { return form_; }

  void add_raw(std::string_view json) { text_.append(json); }
  void add_separator() { text_.append(form_ == Form::kCompact ? "," : ", "); }
  void add_key(std::string_view key) {
    add_string(key);
    text_.append(form_ == Form::kCompact ? ":" : ": ");
  }
  void add_null() { text_.append("null"); }
  void add_bool(bool value) { text_.append(value ? "true" : "false"); }
  void add_int(std::int64_t value);
  void add_double(double value);
  void add_string(std::string_view text);
  void add_value(const Value& value);

 private:
  Form form_;
  std::string text_;
};

}  // namespace runstone::media
