#pragma once

#include <string>

#include "runstone/result.h"

#include "sdk/stored_keys.h"

namespace runstone {

/// Where keys and an address may be found besides settings, from the strongest to the weakest.
struct KeyPlaces {
  std::string login_host;    ///< login(host=) of this process; empty if there was none
  KeysByAddress login_keys;  ///< login(key) of this process
  std::string keys_file;     ///< what login() has written: ~/.config/runstone/keys.json
  std::string client_file;   ///< the local server's own: ~/.runstone/client.json
  std::string netrc_file;    ///< of the stock client's login: $NETRC, ~/.netrc
};

/// Those of this process and its user.
KeyPlaces key_places();
/// $RUNSTONE_CONFIG_DIR or $WANDB_CONFIG_DIR, else ~/.config/runstone.
std::string config_folder();

/// From now on, in this process, `key` is known for the address; with `is_host`, runs go there.
void remember_login(const std::string& address, const std::string& key, bool is_host);

}  // namespace runstone
