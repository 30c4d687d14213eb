#include "media/source_file.h"

#include <filesystem>

namespace runstone::media {
namespace {

bool ends_in(std::string_view text, std::string_view end) {
  if (text.size() < end.size()) return false;
  text.remove_prefix(text.size() - end.size());
  for (std::size_t i = 0; i < end.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    if (c != end[i]) return false;
  }
  return true;
}

}  // namespace

bool is_address(std::string_view path) {
  for (const std::string_view scheme : {"http://", "https://", "s3://", "gs://"}) {
    if (path.substr(0, scheme.size()) == scheme) return true;
  }
  return false;
}

Result<void> find_source_file(const std::string& path) {
  if (is_address(path)) {
    return fail(ErrorCode::kInvalidArgument,
                "'" + path +
                    "' is an address of the net, which a run does not fetch: download the file "
                    "first, or add the address to an artifact");
  }
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status))
    return fail(ErrorCode::kNotFound, "no such file: '" + path + "'");
  if (!std::filesystem::is_regular_file(status)) {
    return fail(ErrorCode::kInvalidArgument, "not a file: '" + path + "'");
  }
  return {};
}

std::string extension_of(std::string_view path) {
  const std::string_view name = path.substr(path.find_last_of('/') + 1);
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? "" : std::string(name.substr(dot));
}

Result<std::string> known_extension(std::string_view path, Span<const std::string_view> known) {
  std::string names;
  for (const std::string_view extension : known) {
    if (ends_in(path, extension)) return std::string(extension);
    names += (names.empty() ? "" : ", ") + std::string(extension);
  }
  return fail(ErrorCode::kInvalidArgument,
              "'" + std::string(path) + "' must end in one of " + names);
}

Result<std::string> known_file_type(std::string_view file_type,
                                    Span<const std::string_view> known) {
  std::string names;
  for (const std::string_view extension : known) {
    if (extension.substr(1) == file_type) return std::string(extension);
    names += (names.empty() ? "" : ", ") + std::string(extension.substr(1));
  }
  return fail(ErrorCode::kInvalidArgument,
              "file_type must be one of " + names + ", not '" + std::string(file_type) + "'");
}

}  // namespace runstone::media
