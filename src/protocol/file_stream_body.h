#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runstone/result.h"

namespace runstone::protocol {

/// Lines of one stream of a file-stream body, unescaped, in one buffer.
struct StreamLines {
  std::int64_t offset = 0;  ///< line number of the first line, 0-based
  std::string text;         ///< the lines, each followed by '\n'; then kPaddingBytes of zeros
  std::vector<std::uint32_t> ends;  ///< where the '\n' of each line is in `text`
  bool inner_newlines = false;      ///< a line holds '\n' itself (only console text keeps them)

  static constexpr std::size_t kPaddingBytes = 64;

  std::size_t count() const { return ends.size(); }
  bool empty() const { return ends.empty(); }
  std::string_view line(std::size_t index) const {
    const std::size_t begin = index == 0 ? 0 : ends[index - 1] + 1;
    return std::string_view(text).substr(begin, ends[index] - begin);
  }
  /// All lines with their '\n', without the padding.
  std::string_view all() const {
    return ends.empty() ? std::string_view() : std::string_view(text).substr(0, ends.back() + 1);
  }
};

/// What a body of POST .../file_stream says; every part may be missing.
struct FileStreamBody {
  StreamLines history;                 ///< wandb-history.jsonl
  StreamLines events;                  ///< wandb-events.jsonl
  StreamLines console;                 ///< output.log
  std::optional<std::string> summary;  ///< wandb-summary.json: the last string of its content
  std::vector<std::string> uploaded;
  bool preempting = false;
  bool complete = false;
  std::optional<int> exit_code;
  std::int64_t ignored = 0;  ///< parts of a wrong type, unknown files: left out, counted
};

/// Reads a body. Tolerant: unknown keys and parts of a wrong type are left out and counted; only a
/// body that is no JSON object is refused.
/// Errors   kInvalidArgument for unreadable JSON or text that is not UTF-8.
/// Speed    several hundred MB/s; `body` is copied only if its string has no spare capacity for
///          simdjson's padding, so hand it over by value.
Result<FileStreamBody> parse_file_stream_body(std::string body);

}  // namespace runstone::protocol
