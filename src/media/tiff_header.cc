#include "media/tiff_header.h"

#include "base/try.h"

namespace runstone::media {
namespace {

constexpr std::uint32_t kImageWidth = 256, kImageLength = 257;
constexpr std::uint32_t kShort = 3;

/// Numbers of a file whose bytes are in one order or the other.
class Numbers {
 public:
  Numbers(std::string_view bytes, bool is_little) : bytes_(bytes), is_little_(is_little) {}

  std::size_t size() const { return bytes_.size(); }
  std::uint32_t at(std::size_t offset, std::size_t count) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t place = offset + (is_little_ ? count - 1 - i : i);
      value = value << 8 | static_cast<std::uint8_t>(bytes_[place]);
    }
    return value;
  }

 private:
  std::string_view bytes_;
  bool is_little_;
};

bool is_little(std::string_view head) { return head.substr(0, 2) == "II"; }

}  // namespace

std::optional<std::uint32_t> tiff_directory_offset(std::string_view bytes) {
  if (bytes.size() < 8 || (bytes.substr(0, 2) != "II" && bytes.substr(0, 2) != "MM")) return {};
  const Numbers numbers(bytes, is_little(bytes));
  if (numbers.at(2, 2) != 42) return {};
  return numbers.at(4, 4);
}

Result<PictureHeader> read_tiff_header(std::string_view head, std::string_view directory) {
  const Numbers numbers(directory, is_little(head));
  PictureHeader header{"tiff"};
  const std::size_t count = directory.size() < 2 ? 0 : numbers.at(0, 2);
  for (std::size_t i = 0; i < count && 2 + 12 * (i + 1) <= numbers.size(); ++i) {
    const std::size_t entry = 2 + 12 * i;  // tag, type, count, value
    const std::uint32_t tag = numbers.at(entry, 2);
    const auto value =
        static_cast<int>(numbers.at(entry + 8, numbers.at(entry + 2, 2) == kShort ? 2 : 4));
    if (tag == kImageWidth) header.width = value;
    if (tag == kImageLength) header.height = value;
  }
  if (header.width > 0 && header.height > 0) return header;
  return fail(ErrorCode::kInvalidArgument, "a TIFF file that does not say its size");
}

}  // namespace runstone::media
