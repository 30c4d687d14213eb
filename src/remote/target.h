#pragma once

#include <string>

namespace runstone::remote {

/// A server of the API, and the key that was set for exactly that address.
struct Target {
  std::string base_url;  ///< "http://127.0.0.1:7867"; a trailing slash does not matter
  std::string api_key;
  std::string proxy;  ///< empty: of the environment
  bool verify_tls = true;
  std::string ca_file;
  /// Of one of several writers of a shared run: the server puts its lines behind those of the
  /// others, and its config into theirs.
  std::string shared_writer_id;
};

/// Who the run is on the server; these replace what the user asked for and make every later URL.
struct RunIdentity {
  std::string storage_id;  ///< opaque; empty if no server has answered yet
  std::string run_id;      ///< `name` in the API
  std::string display_name, entity, project, sweep_id;
  bool inserted = true;  ///< false: the run was there before
};

}  // namespace runstone::remote
