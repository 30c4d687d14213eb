#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "media/node.h"
#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone::media {

/// How the stock client spells the JSON of tables, byte for byte, so that one table has one digest
/// whoever logged it. Compact UTF-8 in the files of a run; in artifacts as Python's json.dump(...,
/// sort_keys=True) does: spaces after `,` and `:`, ASCII alone, sorted keys, NaN as null.
class JsonText {
 public:
  enum class Form { kCompact, kArtifact };
  explicit JsonText(Form form) : form_(form) {}
  /// Of any length: what is long enough goes on, so that no text is held as a whole.
  using Sink = std::function<Result<void>(std::string_view piece)>;
  JsonText(Form form, Sink sink) : form_(form), sink_(std::move(sink)) {}
  bool has_sink() const { return sink_ != nullptr; }
  /// Errors: the sink's.
  Result<void> pass_on_if_long() {
    return sink_ && text_.size() >= kPieceBytes ? pass_on() : Result<void>();
  }
  Result<void> pass_on() {
    auto done = sink_(text_);
    text_.clear();
    return done;
  }

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
  static constexpr std::size_t kPieceBytes = 1 << 16;

  Form form_;
  std::string text_;
  Sink sink_;
};

}  // namespace runstone::media
