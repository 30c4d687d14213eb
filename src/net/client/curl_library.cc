#include "net/client/curl_library.h"

#include <dlfcn.h>

#include <string>

namespace runstone::net {
namespace {

constexpr const char* kLibraryNames[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl-nss.so.4",
                                         "libcurl.so", "libcurl.4.dylib"};
constexpr const char* kHowToGetIt =
    "sending to a server needs libcurl 7.68 or newer (Debian, Ubuntu: apt install libcurl4; "
    "Fedora: dnf install libcurl)";

template <typename Function>
bool find(void* library, const char* name, Function& out) {
  out = reinterpret_cast<Function>(dlsym(library, name));
  return out != nullptr;
}

struct Loaded {
  CurlLibrary library{};
  std::string error;
};

Loaded load() {
  Loaded loaded;
  void* handle = nullptr;
  for (const char* name : kLibraryNames) {
    // RTLD_LOCAL: the OpenSSL that it brings must not replace one that the program has of its own.
    handle = dlopen(name, RTLD_LAZY | RTLD_LOCAL);
    if (handle != nullptr) break;
  }
  if (handle == nullptr) {
    loaded.error = kHowToGetIt;
    return loaded;
  }
  CurlLibrary& c = loaded.library;
  decltype(&::curl_global_init) global_init = nullptr;
  const bool all = find(handle, "curl_global_init", global_init) &&
                   find(handle, "curl_easy_init", c.easy_init) &&
                   find(handle, "curl_easy_setopt", c.easy_setopt) &&
                   find(handle, "curl_easy_getinfo", c.easy_getinfo) &&
                   find(handle, "curl_easy_reset", c.easy_reset) &&
                   find(handle, "curl_easy_cleanup", c.easy_cleanup) &&
                   find(handle, "curl_easy_strerror", c.easy_strerror) &&
                   find(handle, "curl_slist_append", c.slist_append) &&
                   find(handle, "curl_slist_free_all", c.slist_free_all) &&
                   find(handle, "curl_multi_init", c.multi_init) &&
                   find(handle, "curl_multi_add_handle", c.multi_add_handle) &&
                   find(handle, "curl_multi_remove_handle", c.multi_remove_handle) &&
                   find(handle, "curl_multi_perform", c.multi_perform) &&
                   find(handle, "curl_multi_poll", c.multi_poll) &&
                   find(handle, "curl_multi_wakeup", c.multi_wakeup) &&
                   find(handle, "curl_multi_info_read", c.multi_info_read) &&
                   find(handle, "curl_multi_cleanup", c.multi_cleanup) &&
                   find(handle, "curl_multi_strerror", c.multi_strerror);
  if (!all) {
    loaded.error = kHowToGetIt;
  } else if (const CURLcode code = global_init(CURL_GLOBAL_DEFAULT); code != CURLE_OK) {
    loaded.error = std::string("libcurl does not start: ") + c.easy_strerror(code);
  }
  return loaded;
}

}  // namespace

Result<const CurlLibrary*> load_curl() {
  static const Loaded loaded = load();
  if (!loaded.error.empty()) return fail(ErrorCode::kNotImplemented, loaded.error);
  return &loaded.library;
}

}  // namespace runstone::net
