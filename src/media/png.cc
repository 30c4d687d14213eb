#include <libdeflate.h>

#include <array>
#include <cmath>
#include <cstring>

#include "media/pixels.h"

namespace runstone::media {
namespace {

enum Filter : std::uint8_t { kNone = 0, kSub = 1, kUp = 2 };

void put_u32(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(value >> shift & 0xff));
}

void put_chunk(std::string& out, const char (&name)[5], std::string_view data) {
  put_u32(out, static_cast<std::uint32_t>(data.size()));
  const std::size_t begin = out.size();
  out.append(name, 4);
  out.append(data);
  put_u32(out, libdeflate_crc32(0, out.data() + begin, out.size() - begin));
}

// Bits a byte of this row would take after the filter, if bytes came independently.
double entropy_of_row(const Pixels& pixels, int y, Filter filter) {
  std::array<std::uint32_t, 256> counts{};
  const std::size_t size = pixels.row_bytes(), step = static_cast<std::size_t>(pixels.channels);
  const std::uint8_t* row = pixels.row(y);
  const std::uint8_t* above = y > 0 ? pixels.row(y - 1) : nullptr;
  for (std::size_t i = 0; i < size; ++i) {
    std::uint8_t predicted = 0;
    if (filter == kSub && i >= step) predicted = row[i - step];
    if (filter == kUp && above != nullptr) predicted = above[i];
    ++counts[static_cast<std::uint8_t>(row[i] - predicted)];
  }
  double bits = 0;
  for (const std::uint32_t count : counts) {
    if (count > 0)
      bits -= count * std::log2(static_cast<double>(count) / static_cast<double>(size));
  }
  return bits / static_cast<double>(size);
}

struct Plan {
  Filter filter = kNone;
  bool store = false;
};

// One filter for the whole picture, by the entropy of a few of its rows.
Plan plan_for(const Pixels& pixels) {
  constexpr int kSamples = 8;
  constexpr double kNoiseBits = 7.5;
  Plan plan;
  double best = 9;
  for (const Filter filter : {kUp, kSub, kNone}) {
    double bits = 0;
    int rows = 0;
    for (int i = 0; i < kSamples; ++i, ++rows) {
      bits += entropy_of_row(
          pixels, static_cast<int>(std::int64_t{pixels.height - 1} * i / kSamples), filter);
    }
    bits /= rows;
    if (bits < best - 0.05) {  // near ties go to the filter that is cheapest to apply
      best = bits;
      plan.filter = filter;
    }
  }
  // A short row's entropy is low for want of bytes, not of noise.
  plan.store = best > kNoiseBits && pixels.row_bytes() >= 2048;
  if (plan.store) plan.filter = kNone;
  return plan;
}

std::string filtered(const Pixels& pixels, Filter filter) {
  const std::size_t size = pixels.row_bytes(), step = static_cast<std::size_t>(pixels.channels);
  std::string out((size + 1) * static_cast<std::size_t>(pixels.height), '\0');
  auto* to = reinterpret_cast<std::uint8_t*>(out.data());
  for (int y = 0; y < pixels.height; ++y) {
    const std::uint8_t* row = pixels.row(y);
    const Filter used = filter == kUp && y == 0 ? kNone : filter;
    *to++ = used;
    if (used == kNone) {
      std::memcpy(to, row, size);
    } else if (used == kUp) {
      const std::uint8_t* above = pixels.row(y - 1);
      for (std::size_t i = 0; i < size; ++i) to[i] = static_cast<std::uint8_t>(row[i] - above[i]);
    } else {
      std::memcpy(to, row, std::min(step, size));
      for (std::size_t i = step; i < size; ++i) {
        to[i] = static_cast<std::uint8_t>(row[i] - row[i - step]);
      }
    }
    to += size;
  }
  return out;
}

std::string compressed(const std::string& raw, bool store) {
  libdeflate_compressor* compressor = libdeflate_alloc_compressor(store ? 0 : 1);
  std::string out(libdeflate_zlib_compress_bound(compressor, raw.size()), '\0');
  out.resize(libdeflate_zlib_compress(compressor, raw.data(), raw.size(), out.data(), out.size()));
  libdeflate_free_compressor(compressor);
  return out;
}

}  // namespace

std::string encode_png(const Pixels& pixels) {
  const Plan plan = plan_for(pixels);
  const std::string data = compressed(filtered(pixels, plan.filter), plan.store);
  std::string header;
  put_u32(header, static_cast<std::uint32_t>(pixels.width));
  put_u32(header, static_cast<std::uint32_t>(pixels.height));
  const char color_type = pixels.channels == 1 ? 0 : pixels.channels == 3 ? 2 : 6;
  header.append({8, color_type, 0, 0, 0});  // bits, color, deflate, filters by row, no interlace
  std::string out("\x89PNG\r\n\x1a\n", 8);
  out.reserve(data.size() + 64);
  put_chunk(out, "IHDR", header);
  put_chunk(out, "IDAT", data);
  put_chunk(out, "IEND", "");
  return out;
}

}  // namespace runstone::media
