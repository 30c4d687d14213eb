#include "media/read_npz.h"

#include <libdeflate.h>

#include <algorithm>
#include <limits>
#include <memory>

#include "base/try.h"
#include "media/array_elements.h"
#include "media/node.h"

namespace runstone::media {
namespace {

constexpr std::uint32_t kIn64Bits = 0xffffffff;
constexpr std::size_t kEndBytes = 22, kEntryBytes = 46, kLocalBytes = 30;
constexpr std::uint64_t kMostInflatedTimes = 1032;  // no deflated byte stands for more

Failure corrupt(const std::string& what) {
  return fail(ErrorCode::kCorrupt, "the file of an array is no .npz of numpy: " + what);
}

/// Little-endian numbers of a text, of which nothing beyond its end is read: it gives 0 there.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t number(std::size_t at, std::size_t size) const {
    std::uint64_t value = 0;
    if (at > bytes_.size() || bytes_.size() - at < size) return 0;
    for (std::size_t i = size; i-- > 0;) {
      value = value << 8 | static_cast<unsigned char>(bytes_[at + i]);
    }
    return value;
  }
  std::string_view part(std::uint64_t at, std::uint64_t size) const {
    if (at > bytes_.size() || bytes_.size() - at < size) return {};
    return bytes_.substr(static_cast<std::size_t>(at), static_cast<std::size_t>(size));
  }
  std::size_t size() const { return bytes_.size(); }

 private:
  std::string_view bytes_;
};

struct Member {
  std::uint64_t method = 0, packed_bytes = 0, bytes = 0, offset = 0;
};

// What did not fit into 32 bits is in the extra field, in this order.
void take_64_bit_sizes(const Bytes& zip, std::size_t at, std::size_t end, Member& member) {
  while (at + 4 <= end) {
    const std::size_t size = zip.number(at + 2, 2);
    if (zip.number(at, 2) == 1) {
      std::size_t field = at + 4;
      for (std::uint64_t* value : {&member.bytes, &member.packed_bytes, &member.offset}) {
        if (*value != kIn64Bits) continue;
        *value = zip.number(field, 8);
        field += 8;
      }
      return;
    }
    at += 4 + size;
  }
}

Result<Member> find_member(const Bytes& zip, const std::string& name) {
  const auto is_end = [&](std::size_t at) { return zip.number(at, 4) == 0x06054b50; };
  std::size_t end = zip.size() < kEndBytes ? 0 : zip.size() - kEndBytes;
  const std::size_t first = end > 0xffff ? end - 0xffff : 0;  // a comment may follow it
  while (end > first && !is_end(end)) --end;
  if (!is_end(end)) return corrupt("it has no directory");
  std::uint64_t at = zip.number(end + 16, 4), count = zip.number(end + 10, 2);
  if (end >= 20 && zip.number(end - 20, 4) == 0x07064b50) {
    const auto end64 = static_cast<std::size_t>(zip.number(end - 12, 8));
    at = zip.number(end64 + 48, 8);
    count = zip.number(end64 + 32, 8);
  }
  for (; count > 0 && at < zip.size(); --count) {
    const auto entry = static_cast<std::size_t>(at);
    if (zip.number(entry, 4) != 0x02014b50) return corrupt("its directory is broken");
    const std::size_t name_bytes = zip.number(entry + 28, 2),
                      extra_bytes = zip.number(entry + 30, 2);
    Member member{zip.number(entry + 10, 2), zip.number(entry + 20, 4), zip.number(entry + 24, 4),
                  zip.number(entry + 42, 4)};
    const std::size_t extra = entry + kEntryBytes + name_bytes;
    take_64_bit_sizes(zip, extra, extra + extra_bytes, member);
    if (zip.part(entry + kEntryBytes, name_bytes) == name) return member;
    at = extra + extra_bytes + zip.number(entry + 32, 2);
  }
  return corrupt("it has no '" + name + "'");
}

Result<std::string> content_of(const Bytes& zip, const Member& member) {
  const auto local = static_cast<std::size_t>(std::min<std::uint64_t>(member.offset, zip.size()));
  if (zip.number(local, 4) != 0x04034b50) return corrupt("its directory leads nowhere");
  const std::uint64_t begin =
      local + kLocalBytes + zip.number(local + 26, 2) + zip.number(local + 28, 2);
  const std::string_view packed = zip.part(begin, member.packed_bytes);
  if (packed.size() != member.packed_bytes) return corrupt("it was cut");
  if (member.method == 0) return std::string(packed);
  if (member.method != 8) return corrupt("it is packed in an unknown way");
  if (member.bytes / kMostInflatedTimes > member.packed_bytes + 1) {
    return corrupt("it cannot hold as much as it says");
  }
  std::string out(static_cast<std::size_t>(member.bytes), '\0');
  const std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)> inflater(
      libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
  const auto done = libdeflate_deflate_decompress(inflater.get(), packed.data(), packed.size(),
                                                  out.data(), out.size(), nullptr);
  if (done != LIBDEFLATE_SUCCESS) return corrupt("its content cannot be unpacked");
  return out;
}

// The text of `key` in {'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }.
std::string_view field_of(std::string_view header, std::string_view key) {
  const std::size_t at = header.find("'" + std::string(key) + "':");
  if (at == std::string_view::npos) return {};
  std::string_view rest = header.substr(at + key.size() + 3);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  const std::size_t end = rest.substr(0, 1) == "(" ? rest.find(')') : rest.find(',');
  return rest.substr(0, end);
}

Result<NumberArray> array_of(std::string_view npy) {
  const Bytes bytes(npy);
  if (npy.substr(0, 6) != "\x93NUMPY") return corrupt("its content is no .npy");
  const bool is_first_version = bytes.number(6, 1) == 1;
  const std::size_t header_at = is_first_version ? 10 : 12;
  const std::uint64_t header_bytes = bytes.number(8, is_first_version ? 2 : 4);
  const std::string_view header = bytes.part(header_at, header_bytes);
  if (header.empty()) return corrupt("its header was cut");
  NumberArray array;
  array.dtype = field_of(header, "descr");
  if (array.dtype.size() > 2) array.dtype = array.dtype.substr(1, array.dtype.size() - 2);
  if (bytes_per_element(array.dtype) == 0 || field_of(header, "fortran_order") != "False") {
    return fail(ErrorCode::kInvalidType,
                "an array of the type " + array.dtype + " is not read, or not in its order");
  }
  std::string_view sizes = field_of(header, "shape");
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] < '0' || sizes[i] > '9') continue;
    std::int64_t size = 0;
    for (; i < sizes.size() && sizes[i] >= '0' && sizes[i] <= '9'; ++i) {
      if (size > std::numeric_limits<std::int64_t>::max() / 100) return corrupt("its shape");
      size = size * 10 + (sizes[i] - '0');
    }
    array.shape.push_back(size);
  }
  array.bytes = npy.substr(header_at + static_cast<std::size_t>(header_bytes));
  if (auto right = check_array(array); !right) return corrupt(right.error().message);
  return array;
}

}  // namespace

Result<NumberArray> read_npz(std::string_view bytes, const std::string& name) {
  const Bytes zip(bytes);
  RUNSTONE_TRY(const Member member, find_member(zip, name + ".npy"));
  RUNSTONE_TRY(const std::string npy, content_of(zip, member));
  return array_of(npy);
}

}  // namespace runstone::media
