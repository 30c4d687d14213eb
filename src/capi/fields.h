#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capi/answer.h"

namespace runstone::capi {

/// The fields of a row as log() takes them, with what they point to. Kept by each thread for its
/// next row, so that nothing is allocated once it has held the largest.
class RowFields {
 public:
  RowFields();
  ~RowFields();
  RowFields(const RowFields&) = delete;
  RowFields& operator=(const RowFields&) = delete;

  /// Errors: RUNSTONE_INVALID_ARGUMENT (NULL where there must be something, an unknown kind or
  /// flag, text that is no JSON), RUNSTONE_INVALID_HANDLE.
  Answer take(const runstone_field* fields, std::size_t count);
  Answer take_numbers(const char* const* keys, const std::size_t* key_sizes, std::size_t count);
  Span<const Field> fields() const { return {parts_->fields.data(), parts_->fields.size()}; }
  Span<const std::string_view> keys() const { return {parts_->keys.data(), parts_->keys.size()}; }

 private:
  struct Parts {
    std::vector<Field> fields;
    std::vector<std::string_view> keys;
    std::deque<Value> values;
    std::deque<std::vector<Media>> media;
  };
  static std::unique_ptr<Parts>& spare();
  Answer take_one(const runstone_field& given);

  std::unique_ptr<Parts> parts_;
};

/// Fields as a dict of values, for config and options. Media are kInvalidType.
Result<Dict> to_dict(const runstone_field* fields, std::size_t count);

/// Reads the options of one call. Each is asked for by its name; done() then says what was wrong
/// first: a value of another kind than asked for, or an option that nobody asked for.
class OptionReader {
 public:
  OptionReader(const char* call, const runstone_field* options, std::size_t count);

  void read(const char* name, std::optional<std::string>& into);
  void read(const char* name, std::string& into);
  void read(const char* name, std::optional<bool>& into);
  void read(const char* name, bool& into);
  void read(const char* name, std::optional<std::int64_t>& into);
  void read(const char* name, double& into);
  void read(const char* name, std::vector<std::string>& into);
  void read(const char* name, Dict& into);
  bool has(const char* name) const { return options_.contains(name); }
  Result<void> done();

 private:
  /// Null if the option is not given, or null.
  const Value* find(const char* name);
  void refuse(const char* name, const char* wanted);

  const char* call_;
  Dict options_;
  std::vector<std::string> asked_;
  std::optional<Error> problem_;
};

}  // namespace runstone::capi
