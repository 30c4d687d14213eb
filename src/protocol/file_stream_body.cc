#include "protocol/file_stream_body.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

namespace runstone::protocol {
namespace {

namespace od = simdjson::ondemand;

// Buffers of a thread are kept from body to body, but not those that an outsized one needed.
constexpr std::size_t kKeptBytes = std::size_t{2} << 20;
// Past this a line number is a mistake; it also keeps sums of line numbers far from overflow.
constexpr std::int64_t kMaxOffset = std::int64_t{1} << 50;

void append_utf8(std::uint8_t*& out, std::uint32_t code) {
  if (code < 0x80) {
    *out++ = static_cast<std::uint8_t>(code);
  } else if (code < 0x800) {
    *out++ = static_cast<std::uint8_t>(0xc0 | (code >> 6));
    *out++ = static_cast<std::uint8_t>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    *out++ = static_cast<std::uint8_t>(0xe0 | (code >> 12));
    *out++ = static_cast<std::uint8_t>(0x80 | ((code >> 6) & 0x3f));
    *out++ = static_cast<std::uint8_t>(0x80 | (code & 0x3f));
  } else {
    *out++ = static_cast<std::uint8_t>(0xf0 | (code >> 18));
    *out++ = static_cast<std::uint8_t>(0x80 | ((code >> 12) & 0x3f));
    *out++ = static_cast<std::uint8_t>(0x80 | ((code >> 6) & 0x3f));
    *out++ = static_cast<std::uint8_t>(0x80 | (code & 0x3f));
  }
}

// Four hex digits, or -1. The body is padded, so four bytes can always be read.
int hex4(const char* text) {
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = text[i];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

// For the strings that simdjson refuses: half a surrogate pair becomes U+FFFD and an unknown escape
// stands for its character. A foreign client's odd line must not end its run.
void unescape_leniently(const char* text, std::uint8_t*& out) {
  while (*text != '"') {
    if (*text != '\\') {
      *out++ = static_cast<std::uint8_t>(*text++);
      continue;
    }
    const char escape = text[1];
    text += 2;
    const int code = escape == 'u' ? hex4(text) : -1;
    if (code >= 0) {
      text += 4;
      const bool high = code >= 0xd800 && code < 0xdc00;
      const int low = high && text[0] == '\\' && text[1] == 'u' ? hex4(text + 2) : -1;
      if (low >= 0xdc00 && low < 0xe000) {
        append_utf8(out, 0x10000u + ((static_cast<std::uint32_t>(code) - 0xd800u) << 10) +
                             (static_cast<std::uint32_t>(low) - 0xdc00u));
        text += 6;
      } else {
        const bool half = high || (code >= 0xdc00 && code < 0xe000);
        append_utf8(out, half ? 0xfffdu : static_cast<std::uint32_t>(code));
      }
      continue;
    }
    switch (escape) {
      case 'n':
        *out++ = '\n';
        break;
      case 't':
        *out++ = '\t';
        break;
      case 'r':
        *out++ = '\r';
        break;
      case 'b':
        *out++ = '\b';
        break;
      case 'f':
        *out++ = '\f';
        break;
      default:
        *out++ = static_cast<std::uint8_t>(escape);
        break;
    }
  }
}

/// Reads one body. Every function returns false on a structural error, which ends the reading.
class BodyReader {
 public:
  BodyReader(od::parser& parser, std::uint8_t* scratch) : parser_(parser), scratch_(scratch) {}

  bool read(od::object top) {
    for (auto field : top) {
      std::string_view key;
      od::value value;
      if (field.unescaped_key().get(key) || field.value().get(value)) return false;
      if (!read_top(key, value)) return false;
    }
    return true;
  }
  FileStreamBody take() { return std::move(body_); }

 private:
  bool read_top(std::string_view key, od::value value) {
    if (key == "files") return read_files(value);
    if (key == "uploaded") return read_uploaded(value);
    if (key == "preempting") return read_bool(value, body_.preempting);
    if (key == "complete") return read_bool(value, body_.complete);
    if (key == "exitcode") return read_exit_code(value);
    return true;  // older clients send more; none of it is needed
  }

  bool ignore() {
    ++body_.ignored;
    return true;
  }

  // A value of a wrong type is left out; a broken document shows in the next step of the iteration.
  bool read_bool(od::value value, bool& into) {
    bool flag = false;
    if (value.get_bool().get(flag)) return ignore();
    into = flag;
    return true;
  }

  bool read_exit_code(od::value value) {
    bool is_null = false;
    if (value.is_null().get(is_null)) return ignore();  // `nullx`: a broken value, found by fuzzing
    if (is_null) return true;
    double number = 0;
    if (value.get_double().get(number) || !(std::fabs(number) < 2147483648.0)) return ignore();
    body_.exit_code = static_cast<int>(number);
    return true;
  }

  bool read_uploaded(od::value value) {
    od::array names;
    if (value.get_array().get(names)) return ignore();
    for (auto element : names) {
      od::value item;
      if (element.get(item)) return false;
      std::string_view name;
      if (item.get_string().get(name)) {
        ignore();
      } else {
        body_.uploaded.emplace_back(name);
      }
    }
    return true;
  }

  bool read_files(od::value value) {
    od::object files;
    if (value.get_object().get(files)) return ignore();
    for (auto field : files) {
      std::string_view name;
      od::value file;
      if (field.unescaped_key().get(name) || field.value().get(file)) return false;
      StreamLines* const stream = name == "wandb-history.jsonl"  ? &body_.history
                                  : name == "wandb-events.jsonl" ? &body_.events
                                  : name == "output.log"         ? &body_.console
                                                                 : nullptr;
      if (stream != nullptr) {
        if (!read_stream(file, *stream, stream == &body_.console)) return false;
      } else if (name == "wandb-summary.json") {
        StreamLines lines;
        if (!read_stream(file, lines, false)) return false;
        if (!lines.empty()) body_.summary = std::string(lines.line(lines.count() - 1));
      } else {
        ignore();
      }
    }
    return true;
  }

  bool read_stream(od::value value, StreamLines& stream, bool keep_newlines) {
    od::object file;
    if (value.get_object().get(file)) return ignore();
    StreamLines lines;
    for (auto field : file) {
      std::string_view key;
      od::value part;
      if (field.unescaped_key().get(key) || field.value().get(part)) return false;
      if (key == "offset") {
        double offset = 0;  // a double holds every line number up to 2^53 exactly
        if (part.get_double().get(offset) || !(offset >= 0 && offset <= double(kMaxOffset))) {
          ignore();
        } else {
          lines.offset = static_cast<std::int64_t>(offset);
        }
      } else if (key == "content") {
        if (!read_content(part, lines, keep_newlines)) return false;
      }
    }
    stream = std::move(lines);
    return true;
  }

  bool read_content(od::value value, StreamLines& lines, bool keep_newlines) {
    od::array content;
    if (value.get_array().get(content)) return ignore();
    lines.ends.clear();
    std::uint8_t* out = scratch_;
    for (auto element : content) {
      od::value item;
      if (element.get(item)) return false;
      std::uint8_t* const begin = out;
      if (!read_line(item, out)) return false;
      if (std::memchr(begin, '\n', static_cast<std::size_t>(out - begin)) != nullptr) {
        if (keep_newlines) {
          lines.inner_newlines = true;
        } else {
          std::replace(begin, out, std::uint8_t{'\n'}, std::uint8_t{' '});  // JSON's white space
        }
      }
      lines.ends.push_back(static_cast<std::uint32_t>(out - scratch_));
      *out++ = '\n';
    }
    const auto size = static_cast<std::size_t>(out - scratch_);
    lines.text.reserve(size + StreamLines::kPaddingBytes);
    lines.text.assign(reinterpret_cast<const char*>(scratch_), size);
    lines.text.append(StreamLines::kPaddingBytes, '\0');
    return true;
  }

  bool read_line(od::value item, std::uint8_t*& out) {
    od::json_type type;
    if (item.type().get(type)) return keep_raw(item, out);
    if (type != od::json_type::string) return keep_raw(item, out);
    od::raw_json_string raw;
    if (item.get_raw_json_string().get(raw)) return false;
    std::string_view text;
    if (parser_.unescape(raw, out).get(text) != simdjson::SUCCESS) {
      unescape_leniently(raw.raw(), out);
    }
    return true;
  }

  // What should have been a string keeps its line number, as the text it was written as.
  bool keep_raw(od::value item, std::uint8_t*& out) {
    ignore();
    std::string_view text;
    od::json_type type = od::json_type::null;
    const bool known = item.type().get(type) == simdjson::SUCCESS;
    if (known && type == od::json_type::object) {
      od::object object;
      if (item.get_object().get(object) || object.raw_json().get(text)) return false;
    } else if (known && type == od::json_type::array) {
      od::array array;
      if (item.get_array().get(array) || array.raw_json().get(text)) return false;
    } else {
      text = item.raw_json_token();
    }
    std::memcpy(out, text.data(), text.size());
    out += text.size();
    return true;
  }

  od::parser& parser_;
  std::uint8_t* const scratch_;
  FileStreamBody body_;
};

// A thread's parser and the room for its unescaped lines.
struct Workspace {
  od::parser parser;
  std::unique_ptr<std::uint8_t[]> scratch;
  std::size_t scratch_bytes = 0;

  void reserve(std::size_t body_bytes) {
    // A line is never longer than its escaped form; '\n' takes the place of a quote.
    const std::size_t wanted = body_bytes + 2 * simdjson::SIMDJSON_PADDING;
    if (scratch_bytes >= wanted) return;
    scratch.reset(new std::uint8_t[wanted]);  // not make_unique: zeros would be written for nothing
    scratch_bytes = wanted;
  }
};

Failure unreadable(const char* why) {
  return fail(ErrorCode::kInvalidArgument, std::string("file stream body: ") + why);
}

Result<FileStreamBody> parse_in(Workspace& workspace, std::string& body) {
  workspace.reserve(body.size());
  od::document document;
  const auto error =
      workspace.parser
          .iterate(simdjson::padded_string_view(body.data(), body.size(), body.capacity()))
          .get(document);
  if (error) return unreadable(simdjson::error_message(error));
  od::object top;
  if (document.get_object().get(top)) return unreadable("not a JSON object");
  BodyReader reader(workspace.parser, workspace.scratch.get());
  if (!reader.read(top)) return unreadable("broken JSON");
  const char* rest = nullptr;  // there is a location only if the document goes on
  if (document.current_location().get(rest) == simdjson::SUCCESS) {
    return unreadable("text after the JSON object");
  }
  return reader.take();
}

}  // namespace

Result<FileStreamBody> parse_file_stream_body(std::string body) {
  if (body.size() >= UINT32_MAX - 1024) return unreadable("too long");
  body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
  if (body.size() > kKeptBytes) {
    Workspace workspace;
    return parse_in(workspace, body);
  }
  thread_local Workspace workspace;
  return parse_in(workspace, body);
}

}  // namespace runstone::protocol
