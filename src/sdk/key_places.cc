#include "sdk/key_places.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>

namespace runstone {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::string home_folder() {
  const std::string home = variable("HOME");
  if (!home.empty()) return home;
  const passwd* user = getpwuid(getuid());
  return user != nullptr ? user->pw_dir : "/";
}

// A login is of the process, as its environment is: whoever starts a run later must see it.
struct Login {
  std::mutex mutex;
  std::string host;
  KeysByAddress keys;
};
Login& this_process() {
  static Login login;
  return login;
}

}  // namespace

std::string config_folder() {
  for (const char* name : {"RUNSTONE_CONFIG_DIR", "WANDB_CONFIG_DIR"}) {
    const std::string named = variable(name);
    if (!named.empty()) return named;
  }
  return home_folder() + "/.config/runstone";
}

KeyPlaces key_places() {
  KeyPlaces places;
  places.keys_file = config_folder() + "/keys.json";
  places.client_file = home_folder() + "/.runstone/client.json";
  const std::string netrc = variable("NETRC");
  places.netrc_file = netrc.empty() ? home_folder() + "/.netrc" : netrc;
  Login& login = this_process();
  const std::scoped_lock lock(login.mutex);
  places.login_host = login.host;
  places.login_keys = login.keys;
  return places;
}

void remember_login(const std::string& address, const std::string& key, bool is_host) {
  Login& login = this_process();
  const std::scoped_lock lock(login.mutex);
  if (!key.empty()) login.keys[address] = key;
  if (is_host) login.host = address;
}

}  // namespace runstone
