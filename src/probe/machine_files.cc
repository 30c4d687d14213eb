#include "probe/machine_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

namespace runstone::probe {
namespace {
constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
}

std::optional<std::string> read_kernel_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return std::nullopt;
  std::string text;
  std::size_t used = 0;
  bool ok = true;
  while (used < kMaxBytes) {
    text.resize(used + 4096);
    const ssize_t got = ::read(file, text.data() + used, text.size() - used);
    if (got < 0 && errno == EINTR) continue;
    ok = got >= 0;
    if (got <= 0) break;
    used += static_cast<std::size_t>(got);
  }
  ::close(file);
  if (!ok) return std::nullopt;
  text.resize(used);
  return text;
}

std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view kBlank = " \t\n";
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = text.find_first_not_of(kBlank);
    if (begin == text.npos) return words;
    text.remove_prefix(begin);
    const std::size_t end = text.find_first_of(kBlank);
    words.push_back(text.substr(0, end));
    if (end == text.npos) return words;
    text.remove_prefix(end);
  }
}

std::optional<double> number_of(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace runstone::probe
