#pragma once

#include <map>
#include <string>

#include "runstone/result.h"

namespace runstone {

/// Keys by the address of their server, "https://track.example.com": without a slash at the end.
using KeysByAddress = std::map<std::string, std::string>;

/// `{"keys": {address: key}}` of a JSON file; none if there is no such file.
/// Errors: kCorrupt if it is of another form.
Result<KeysByAddress> read_stored_keys(const std::string& path);
/// Adds or replaces one. The file is for its owner alone (mode 0600), and replaced whole.
Result<void> store_key(const std::string& path, const std::string& address, const std::string& key);

/// The password that a netrc file has for an address, by its host and port as they stand there. An
/// entry without a port is for https alone: the file does not say how a key is to be sent. Empty if
/// there is none.
std::string netrc_key(const std::string& path, const std::string& address);

/// Sets `base_url` in a settings file, keeping its other lines.
Result<void> store_base_url(const std::string& path, const std::string& address);

}  // namespace runstone
