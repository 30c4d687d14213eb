#pragma once

#include <string>
#include <vector>

#include "runstone/settings.h"

#include "sdk/key_places.h"

namespace runstone {

/// One place that may name a server or a key, from the weakest to the strongest.
struct AddressSource {
  enum class Kind { kFile, kWandbVariables, kRunstoneVariables, kCode };
  Kind kind = Kind::kCode;
  const Settings* settings = nullptr;
};

struct Address {
  std::string base_url;  ///< without a slash at the end; empty: no server is known
  std::string api_key;   ///< empty: none was set for this address
  bool named = false;    ///< by the user; else the local server's own file
};

/// A key goes only to the address that it was set for: one from the program's code to any address;
/// a RUNSTONE_API_KEY to any address that was named; all others to the address of their own source.
/// Keys of logins, of the local server's file and of netrc go to the address that they are kept
/// for, named or not.
Address where_to_send(const std::vector<AddressSource>& sources, const KeyPlaces& places);

}  // namespace runstone
