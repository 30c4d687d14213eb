#pragma once

// Only the .cc files of this folder include this: libcurl's names stay out of all else.
// CURLOPT_PROTOCOLS is deprecated since 7.85, but its successor is missing in what older systems
// have.
#define CURL_DISABLE_TYPECHECK
#define CURL_DISABLE_DEPRECATION
#include <curl/curl.h>

#include "runstone/result.h"

// Without the type check these are macros of the same name, which would hide the table's members.
#undef curl_easy_setopt
#undef curl_easy_getinfo

namespace runstone::net {

/// The functions of libcurl that we call, found at run time. Linking libcurl would load some thirty
/// libraries at `import runstone`: 5 to 8 ms, which a run that stays offline never needs.
struct CurlLibrary {
  decltype(&::curl_easy_init) easy_init;
  decltype(&::curl_easy_setopt) easy_setopt;
  decltype(&::curl_easy_getinfo) easy_getinfo;
  decltype(&::curl_easy_reset) easy_reset;
  decltype(&::curl_easy_cleanup) easy_cleanup;
  decltype(&::curl_easy_strerror) easy_strerror;
  decltype(&::curl_slist_append) slist_append;
  decltype(&::curl_slist_free_all) slist_free_all;
  decltype(&::curl_multi_init) multi_init;
  decltype(&::curl_multi_add_handle) multi_add_handle;
  decltype(&::curl_multi_remove_handle) multi_remove_handle;
  decltype(&::curl_multi_perform) multi_perform;
  decltype(&::curl_multi_poll) multi_poll;
  decltype(&::curl_multi_wakeup) multi_wakeup;
  decltype(&::curl_multi_info_read) multi_info_read;
  decltype(&::curl_multi_cleanup) multi_cleanup;
  decltype(&::curl_multi_strerror) multi_strerror;
};

/// Loads and initialises libcurl at the first call; it stays loaded. Any thread.
/// Errors   kNotImplemented: there is none, or one older than 7.68 (2020); says which package to
/// add.
Result<const CurlLibrary*> load_curl();

}  // namespace runstone::net
