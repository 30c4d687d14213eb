#pragma once

#include <string>
#include <string_view>

#include "runstone/result.h"
#include "runstone/span.h"

namespace runstone::media {

/// Whether it is an address of the net (http, https, s3, gs).
bool is_address(std::string_view path);

/// kNotFound if there is no file at the path; kInvalidArgument if it is an address of the net,
/// which a run does not fetch, or a folder.
Result<void> find_source_file(const std::string& path);

/// The last extension with its dot, as it is written; "" if there is none.
std::string extension_of(std::string_view path);

/// Which of `known` (with their dots, longer ones first where one ends in another) the path ends
/// in, in any case. Errors: kInvalidArgument, naming them.
Result<std::string> known_extension(std::string_view path, Span<const std::string_view> known);

/// The extension among `known` (with their dots) that is this one without its dot.
/// Errors: kInvalidArgument, naming them.
Result<std::string> known_file_type(std::string_view file_type, Span<const std::string_view> known);

}  // namespace runstone::media
