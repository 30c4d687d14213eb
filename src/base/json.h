#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone::json {

/// Nesting past this is refused, reading and writing alike.
inline constexpr int kMaxDepth = 512;

/// Parses one JSON value. Takes the bare tokens NaN, Infinity and -Infinity, which the formats use;
/// integers in int64 stay integers, all other numbers become doubles; of a repeated key the last
/// counts. Errors: kInvalidArgument, saying what is wrong and where it can.
Result<Value> parse(std::string_view text);

/// Appends the value as compact JSON; NaN and the infinities as bare tokens.
void append(std::string& out, const Value& value);
void append_string(std::string& out, std::string_view text);
/// Shortest text that reads back as the same double; an integral one below 1e15 as "1.0" -> "1".
void append_double(std::string& out, double value);
void append_int(std::string& out, std::int64_t value);
std::string to_text(const Value& value);
/// Two-space indented, for people.
std::string to_pretty_text(const Value& value);

}  // namespace runstone::json
