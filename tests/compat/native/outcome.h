#pragma once

#include <gtest/gtest.h>
#include <runstone/result.h>
#include <runstone/value.h>

#include <ostream>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace runstone {

// How googletest shows values: it looks for these names in the values' own namespace.
void PrintTo(const Value& value, std::ostream* out);
void PrintTo(const Dict& dict, std::ostream* out);

}  // namespace runstone

namespace native {

/// Where a value was expected and an error came: googletest shows it as the test's failure.
class Unexpected : public std::runtime_error {
 public:
  Unexpected(const runstone::Error& error, const std::source_location& where)
      : std::runtime_error(std::string(where.file_name()) + ":" + std::to_string(where.line()) +
                           ": " + runstone::to_string(error.code) + ": " + error.message) {}
};

/// The value; an error ends the test.
template <typename T>
T must(runstone::Result<T> result, std::source_location where = std::source_location::current()) {
  if (!result) throw Unexpected(result.error(), where);
  return std::move(*result);
}
inline void must(const runstone::Result<void>& result,
                 std::source_location where = std::source_location::current()) {
  if (!result) throw Unexpected(result.error(), where);
}

/// Expects that error, whose message has these words.
template <typename T>
void expect_refused(const runstone::Result<T>& result, runstone::ErrorCode code,
                    std::string_view words = "",
                    std::source_location where = std::source_location::current()) {
  const testing::ScopedTrace trace(where.file_name(), static_cast<int>(where.line()), "refused");
  ASSERT_FALSE(result.has_value()) << "it was not refused";
  EXPECT_STREQ(runstone::to_string(result.error().code), runstone::to_string(code))
      << result.error().message;
  EXPECT_NE(result.error().message.find(words), std::string::npos) << result.error().message;
}

}  // namespace native
