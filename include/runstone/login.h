#pragma once

#include <string>

#include "runstone/result.h"

namespace runstone {

struct LoginOptions {
  std::string key;  ///< empty: only says whether one is known
  std::string
      host;  ///< the server's address, "https://track.example.com"; empty: as init() finds it
  bool relogin = false;  ///< a key that is known already does not count
  bool verify = false;   ///< asks the server whether it takes the key
  double timeout_secs = 20;
};

struct LoginResult {
  bool has_key = false;     ///< of the address below
  bool is_offline = false;  ///< the settings say that runs are offline or disabled
  std::string base_url;     ///< empty: no server is known
  std::string stored_in;    ///< the file that the key was written to; empty if none was
  std::string username;     ///< with verify
};

/// Keeps a key for a server's address: in this process, and in the user's file of keys (mode 0600),
/// which later processes read. A key goes only to the address that it was set for. With a host,
/// that address is also where runs of this process and, by the settings file, later ones go.
/// Errors: kInvalidArgument (a key or an address that cannot be), kFailedPrecondition (a key, but
/// no address), kUnauthenticated (verify: the server refuses it; nothing is kept), kUnavailable
/// (verify), kIo (the file cannot be written; the key counts in this process).
Result<LoginResult> login(const LoginOptions& options = {});

}  // namespace runstone
