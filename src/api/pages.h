#pragma once

#include <span>
#include <string_view>

#include "net/server/router.h"

namespace runstone::api {

/// One file of web/dist, as tools/embed_files.py put it into the program.
struct EmbeddedFile {
  std::string_view path;  ///< "assets/index-1a2b3c.js"
  std::string_view gzip;  ///< the bytes, packed
  std::string_view etag;  ///< quoted
};

/// Serves the pages to GET requests that no other route takes: a file by its path, else index.html,
/// whose script reads the address. An empty span serves a page that says how to build them.
void add_pages(http::Router& router, std::span<const EmbeddedFile> files);

}  // namespace runstone::api
