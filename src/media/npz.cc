#include "media/npz.h"

#include <libdeflate.h>

#include <limits>

#include "media/array_elements.h"
#include "media/node.h"

namespace runstone::media {
namespace {

constexpr std::size_t kHeaderAlignment = 64;
constexpr int kCompressionLevel = 6;

void put_le(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

std::string npy_header(const std::string& dtype, const std::vector<std::int64_t>& shape) {
  std::string sizes;
  for (const std::int64_t size : shape) sizes += std::to_string(size) + ", ";
  if (shape.size() > 1) sizes.resize(sizes.size() - 2);
  if (shape.size() == 1) sizes.pop_back();
  std::string header =
      "{'descr': '" + dtype + "', 'fortran_order': False, 'shape': (" + sizes + "), }";
  const std::size_t before = 10;  // magic, version and the header's length
  header.append(kHeaderAlignment - (before + header.size() + 1) % kHeaderAlignment, ' ') += '\n';
  std::string out("\x93NUMPY\x01\x00", 8);
  put_le(out, header.size(), 2);
  return out + header;
}

std::string stacked_npy(const std::vector<std::shared_ptr<const NumberArray>>& arrays,
                        const std::vector<std::int64_t>& shape) {
  std::string dtype;
  bool is_uniform = true;
  for (const auto& array : arrays) {
    if (array == nullptr) {
      is_uniform = false;
    } else if (dtype.empty()) {
      dtype = array->dtype;
    } else if (dtype != array->dtype) {
      is_uniform = false;
    }
  }
  if (!is_uniform || dtype.empty()) dtype = "<f8";
  std::vector<std::int64_t> whole = {static_cast<std::int64_t>(arrays.size())};
  whole.insert(whole.end(), shape.begin(), shape.end());
  std::string out = npy_header(dtype, whole);
  NumberArray blank;
  blank.shape = shape;
  const std::size_t elements = element_count(blank);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const auto& array : arrays) {
    if (is_uniform) {
      out += array->bytes;
      continue;
    }
    for (std::size_t i = 0; i < elements; ++i) {
      double number = nan;
      if (array != nullptr) {
        const Value element = element_value(*array, i);
        number = element.is_bool() ? (*element.if_bool() ? 1 : 0) : element.number_or(nan);
      }
      out.append(reinterpret_cast<const char*>(&number), sizeof number);
    }
  }
  return out;
}

std::string deflated(const std::string& bytes) {
  const std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> compressor(
      libdeflate_alloc_compressor(kCompressionLevel), libdeflate_free_compressor);
  std::string out(libdeflate_deflate_compress_bound(compressor.get(), bytes.size()), '\0');
  out.resize(libdeflate_deflate_compress(compressor.get(), bytes.data(), bytes.size(), out.data(),
                                         out.size()));
  return out;
}

// What a zip's local header and its directory both say of a file. Always in the 64-bit form, so
// that no size is too much. Source: APPNOTE.TXT 6.3.3, 4.3.7, 4.3.12 and 4.5.3.
struct Member {
  std::string name;
  std::uint32_t crc;
  std::uint64_t packed_bytes, bytes;

  void put(std::string& out, bool in_directory) const {
    constexpr std::uint16_t kVersion64 = 45, kUtf8Names = 0x0800, kDeflate = 8;
    constexpr std::uint32_t kFirstOfJanuary1980 = 0x00210000;
    put_le(out, in_directory ? 0x02014b50 : 0x04034b50, 4);
    if (in_directory) put_le(out, kVersion64, 2);
    put_le(out, kVersion64, 2);
    put_le(out, kUtf8Names, 2);
    put_le(out, kDeflate, 2);
    put_le(out, kFirstOfJanuary1980, 4);
    put_le(out, crc, 4);
    put_le(out, 0xffffffff, 4);
    put_le(out, 0xffffffff, 4);
    put_le(out, name.size(), 2);
    put_le(out, 20, 2);
    if (in_directory) {
      put_le(out, 0, 2 + 2 + 2);  // comment, disk, attributes
      put_le(out, 0, 4 + 4);      // attributes, offset of the local header
    }
    out += name;
    put_le(out, 1, 2);  // the 64-bit sizes
    put_le(out, 16, 2);
    put_le(out, bytes, 8);
    put_le(out, packed_bytes, 8);
  }
};

}  // namespace

std::string stacked_npz(const std::string& name,
                        const std::vector<std::shared_ptr<const NumberArray>>& arrays,
                        const std::vector<std::int64_t>& shape) {
  const std::string npy = stacked_npy(arrays, shape);
  const std::string packed = deflated(npy);
  const Member member{name + ".npy", libdeflate_crc32(0, npy.data(), npy.size()), packed.size(),
                      npy.size()};
  std::string zip;
  member.put(zip, false);
  zip += packed;
  const std::size_t directory = zip.size();
  member.put(zip, true);
  const std::size_t end = zip.size();
  put_le(zip, 0x06064b50, 4);  // zip64 end of directory
  put_le(zip, 44, 8);
  put_le(zip, 45, 2);
  put_le(zip, 45, 2);
  put_le(zip, 0, 4 + 4);
  put_le(zip, 1, 8);
  put_le(zip, 1, 8);
  put_le(zip, end - directory, 8);
  put_le(zip, directory, 8);
  put_le(zip, 0x07064b50, 4);  // where that is
  put_le(zip, 0, 4);
  put_le(zip, end, 8);
  put_le(zip, 1, 4);
  put_le(zip, 0x06054b50, 4);  // end of directory
  put_le(zip, 0xffffffff, 2 + 2);
  put_le(zip, 0xffffffff, 2 + 2);
  put_le(zip, 0xffffffff, 4);
  put_le(zip, 0xffffffff, 4);
  put_le(zip, 0, 2);
  return zip;
}

}  // namespace runstone::media
