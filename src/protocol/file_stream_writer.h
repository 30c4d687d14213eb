#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runstone::protocol {

inline constexpr std::string_view kHistoryStream = "wandb-history.jsonl";
inline constexpr std::string_view kEventsStream = "wandb-events.jsonl";
inline constexpr std::string_view kSummaryStream = "wandb-summary.json";
inline constexpr std::string_view kConsoleStream = "output.log";

/// Lines of one stream, already spelled as JSON strings ("\"...\"", comma separated), so that a
/// line is escaped once, when it is read, and a body is made by joining.
class JsonLines {
 public:
  /// The number of the first line in its stream.
  void begin(std::uint64_t first_line);
  void add(std::string_view line);
  void clear();
  /// Moves the first `count` lines to an object of their own; what stays keeps its numbers.
  JsonLines take_front(std::uint64_t count);
  bool empty() const { return count_ == 0; }
  std::uint64_t first_line() const { return first_line_; }
  std::uint64_t count() const { return count_; }
  std::size_t size_bytes() const { return text_.size(); }
  const std::string& text() const { return text_; }

 private:
  std::uint64_t first_line_ = 0, count_ = 0;
  std::string text_;
};

/// One request of the file stream. Line numbers are absolute, so that sending it twice is harmless.
struct FileStreamRequest {
  JsonLines history, events, console;
  std::optional<std::string> summary;  ///< the whole summary as JSON text
  std::vector<std::string> uploaded;   ///< run files whose PUT has finished
  bool preempting = false;
  std::optional<std::int32_t> exit_code;  ///< present: the run is complete

  bool empty() const;
  std::uint64_t line_count() const { return history.count() + events.count() + console.count(); }
  std::size_t size_bytes() const;
  /// Moves the first `count` lines (history, then events, then console) to a request of their own,
  /// which goes first: what a server finds too large is sent in halves.
  FileStreamRequest take_front(std::uint64_t count);
  /// The body; "{}" (a heartbeat) if empty.
  std::string to_body() const;
};

}  // namespace runstone::protocol
