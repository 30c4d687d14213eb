#include "net/server/compress.h"

#include <libdeflate.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

namespace runstone::http {
namespace {

constexpr int kFastLevel = 1;  // pages are local or near: time to first byte counts, not size

bool is_text(std::string_view type) {
  return type.substr(0, 5) == "text/" || type.substr(0, 16) == "application/json" ||
         type.substr(0, 22) == "application/javascript";
}

}  // namespace

std::string gzip(std::string_view bytes) {
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(kFastLevel), &libdeflate_free_compressor);
  std::string out(libdeflate_gzip_compress_bound(compressor.get(), bytes.size()), '\0');
  out.resize(libdeflate_gzip_compress(compressor.get(), bytes.data(), bytes.size(), out.data(),
                                      out.size()));
  return out;
}

Result<std::string> gunzip(std::string_view bytes, std::size_t max_bytes) {
  // A gzip member ends with its plain size (modulo 2^32): enough for a bound that is checked first.
  if (bytes.size() < 18) return fail(ErrorCode::kInvalidArgument, "the body is no gzip");
  std::uint32_t size = 0;
  for (int i = 0; i < 4; ++i) {
    size |= std::uint32_t{static_cast<unsigned char>(bytes[bytes.size() - 4 + i])} << (8 * i);
  }
  if (size > max_bytes) {
    return fail(ErrorCode::kResourceExhausted,
                "the body is larger than " + std::to_string(max_bytes) + " bytes once unpacked");
  }
  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> unpacker(
      libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  std::string out(size, '\0');
  std::size_t written = 0;
  const auto done = libdeflate_gzip_decompress(unpacker.get(), bytes.data(), bytes.size(),
                                               out.data(), out.size(), &written);
  if (done != LIBDEFLATE_SUCCESS) {
    return fail(ErrorCode::kInvalidArgument, "the body is no gzip, or it is damaged");
  }
  out.resize(written);
  return out;
}

void compress_response(std::string_view accept_encoding, Response& response) {
  if (accept_encoding.find("gzip") == std::string_view::npos || response.status != 200) return;
  auto* text = std::get_if<std::string>(&response.body);
  if (!text || text->size() < kCompressFromBytes) return;
  if (response.headers.find("Content-Encoding")) return;
  if (!is_text(response.headers.get("Content-Type"))) return;
  auto packed = gzip(*text);
  if (packed.empty() || packed.size() >= text->size()) return;
  *text = std::move(packed);
  response.headers.add("Content-Encoding", "gzip");
  response.headers.add("Vary", "Accept-Encoding");
}

}  // namespace runstone::http
