#include "protocol/file_stream_writer.h"

#include <algorithm>
#include <utility>

#include "base/json.h"

namespace runstone::protocol {

void JsonLines::begin(std::uint64_t first_line) {
  clear();
  first_line_ = first_line;
}

void JsonLines::add(std::string_view line) {
  if (count_ > 0) text_ += ',';
  json::append_string(text_, line);
  ++count_;
}

void JsonLines::clear() {
  count_ = 0;
  text_.clear();
}

JsonLines JsonLines::take_front(std::uint64_t count) {
  JsonLines front;
  front.begin(first_line_);
  if (count >= count_) return std::exchange(*this, std::move(front));
  if (count == 0) return front;
  // A comma outside of quotes separates lines; inside, quotes and backslashes are escaped.
  std::uint64_t commas = 0;
  bool quoted = false;
  std::size_t at = 0;
  for (; at < text_.size(); ++at) {
    if (text_[at] == '\\') {
      ++at;
    } else if (text_[at] == '"') {
      quoted = !quoted;
    } else if (text_[at] == ',' && !quoted && ++commas == count) {
      break;
    }
  }
  front.text_ = text_.substr(0, at);
  front.count_ = count;
  text_.erase(0, at + 1);
  first_line_ += count;
  count_ -= count;
  return front;
}

FileStreamRequest FileStreamRequest::take_front(std::uint64_t count) {
  FileStreamRequest front;
  const auto part_of = [&](JsonLines& lines) {
    const auto part = std::min(count, lines.count());
    count -= part;
    return lines.take_front(part);
  };
  front.history = part_of(history);
  front.events = part_of(events);
  front.console = part_of(console);
  return front;
}

bool FileStreamRequest::empty() const {
  return history.empty() && events.empty() && console.empty() && !summary && uploaded.empty() &&
         !preempting && !exit_code;
}

std::size_t FileStreamRequest::size_bytes() const {
  return history.size_bytes() + events.size_bytes() + console.size_bytes() +
         (summary ? summary->size() : 0);
}

namespace {

void append_key(std::string& out, std::string_view key) {
  if (out.back() != '{') out += ',';
  json::append_string(out, key);
  out += ':';
}

void append_stream(std::string& out, std::string_view name, const JsonLines& lines) {
  if (lines.empty()) return;
  append_key(out, name);
  out += "{\"offset\":";
  json::append_int(out, static_cast<std::int64_t>(lines.first_line()));
  out += ",\"content\":[";
  out += lines.text();
  out += "]}";
}

}  // namespace

std::string FileStreamRequest::to_body() const {
  std::string out;
  // A summary is escaped only here; an eighth more is usual for its quotes.
  out.reserve(size_bytes() + (summary ? summary->size() / 8 : 0) + 512);
  out += '{';
  if (!history.empty() || !events.empty() || !console.empty() || summary) {
    append_key(out, "files");
    out += '{';
    append_stream(out, kHistoryStream, history);
    append_stream(out, kEventsStream, events);
    append_stream(out, kConsoleStream, console);
    if (summary) {
      append_key(out, kSummaryStream);
      out += "{\"offset\":0,\"content\":[";
      json::append_string(out, *summary);
      out += "]}";
    }
    out += '}';
  }
  if (!uploaded.empty()) {
    append_key(out, "uploaded");
    out += '[';
    for (const auto& name : uploaded) {
      if (out.back() != '[') out += ',';
      json::append_string(out, name);
    }
    out += ']';
  }
  if (preempting) {
    append_key(out, "preempting");
    out += "true";
  }
  if (exit_code) {
    append_key(out, "complete");
    out += "true";
    append_key(out, "exitcode");
    json::append_int(out, *exit_code);
  }
  out += '}';
  return out;
}

}  // namespace runstone::protocol
