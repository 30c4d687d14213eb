#include "store/tail_lines.h"

#include <zstd.h>

#include <cstring>
#include <memory>

namespace runstone::store {
namespace {

// The first byte of a chunk; the bytes after it are one zstd frame, which knows its content's size.
constexpr char kNewlineEnded = 1;    // each line is followed by '\n' and holds none
constexpr char kLengthPrefixed = 2;  // each line after its length, 4 bytes little-endian
constexpr std::size_t kPadding = 64;
constexpr std::size_t kMaxDecodedBytes = std::size_t{1} << 30;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

std::string compress(char kind, std::string_view plain) {
  // A context costs about a megabyte; one a thread is kept, since chunks are small and many.
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  std::string out(1 + ZSTD_compressBound(plain.size()), '\0');
  out[0] = kind;
  const std::size_t size = ZSTD_compressCCtx(context.get(), out.data() + 1, out.size() - 1,
                                             plain.data(), plain.size(), 1);
  out.resize(1 + size);  // cannot fail: the output has the bound's size
  out.shrink_to_fit();
  return out;
}

}  // namespace

std::string encode_lines(std::string_view lines) { return compress(kNewlineEnded, lines); }

std::string encode_lines(const std::vector<std::string_view>& lines) {
  bool inner_newline = false;
  std::size_t total = 0;
  for (const auto line : lines) {
    inner_newline = inner_newline || line.find('\n') != std::string_view::npos;
    total += line.size() + sizeof(std::uint32_t);
  }
  std::string plain;
  plain.reserve(total);
  for (const auto line : lines) {
    if (inner_newline) {
      const auto size = static_cast<std::uint32_t>(line.size());
      for (int shift = 0; shift < 32; shift += 8) plain += static_cast<char>(size >> shift);
      plain += line;
    } else {
      plain += line;
      plain += '\n';
    }
  }
  return compress(inner_newline ? kLengthPrefixed : kNewlineEnded, plain);
}

Result<DecodedLines> DecodedLines::decode(std::string_view data) {
  const auto broken = [](const char* why) {
    return fail(ErrorCode::kCorrupt, std::string("tail chunk: ") + why);
  };
  if (data.size() < 2) return broken("too short");
  const char kind = data[0];
  data.remove_prefix(1);
  const auto plain_size = ZSTD_getFrameContentSize(data.data(), data.size());
  if (plain_size == ZSTD_CONTENTSIZE_ERROR || plain_size == ZSTD_CONTENTSIZE_UNKNOWN ||
      plain_size > kMaxDecodedBytes) {
    return broken("no zstd frame of a known size");
  }
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  DecodedLines lines;
  lines.buffer_.resize(plain_size + kPadding);
  const std::size_t got = ZSTD_decompressDCtx(context.get(), lines.buffer_.data(), plain_size,
                                              data.data(), data.size());
  if (ZSTD_isError(got) || got != plain_size) return broken("zstd content is damaged");

  const char* const begin = lines.buffer_.data();
  std::size_t at = 0;
  if (kind == kNewlineEnded) {
    while (at < plain_size) {
      const void* const found = std::memchr(begin + at, '\n', plain_size - at);
      if (found == nullptr) return broken("last line is cut");
      const auto end = static_cast<std::size_t>(static_cast<const char*>(found) - begin);
      lines.starts_.push_back(static_cast<std::uint32_t>(at));
      lines.sizes_.push_back(static_cast<std::uint32_t>(end - at));
      at = end + 1;
    }
    return lines;
  }
  if (kind != kLengthPrefixed) return broken("unknown kind");
  while (at < plain_size) {
    if (plain_size - at < 4) return broken("a length is cut");
    std::uint32_t size = 0;
    for (int i = 0; i < 4; ++i) {
      size |= static_cast<std::uint32_t>(static_cast<unsigned char>(begin[at + i])) << (8 * i);
    }
    at += 4;
    if (plain_size - at < size) return broken("a line is cut");
    lines.starts_.push_back(static_cast<std::uint32_t>(at));
    lines.sizes_.push_back(size);
    at += size;
  }
  return lines;
}

}  // namespace runstone::store
