#pragma once

#include <string>
#include <vector>

#include "base/digest.h"
#include "runstone/result.h"
#include "runstone/value.h"

namespace runstone::artifact {

// What names, paths and labels of artifacts may be. Errors are kInvalidArgument everywhere.

/// Of the class Artifact: [A-Za-z0-9_.-]{1,128}, and no type that is the product's own.
Result<void> check_name(const std::string& name);
Result<void> check_type(const std::string& name, const std::string& type);

/// A path in an artifact as it is stored: relative, `/` between its parts, none of them `.` or
/// `..`.
Result<std::string> checked_path(const std::string& path);

/// Errors: more than 100 keys, infinities; NaN becomes null.
Result<Dict> checked_metadata(const Dict& metadata);

/// Aliases without `/` and `:`, none empty, each once.
Result<std::vector<std::string>> checked_aliases(const std::vector<std::string>& aliases);
/// The same, "latest" among them: what a new version gets.
Result<std::vector<std::string>> aliases_of_version(const std::vector<std::string>& aliases);
/// Tags without repetition; words of letters, digits, - and _, separated by spaces.
Result<std::vector<std::string>> checked_tags(const std::vector<std::string>& tags);

/// "MD5" or "XXH128".
Result<Digest::Kind> digest_kind(const std::string& algorithm);

}  // namespace runstone::artifact
