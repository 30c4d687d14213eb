#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/server/router.h"

namespace runstone::api {

/// One file of web/dist, as tools/embed_files.py put it into the program.
struct EmbeddedFile {
  std::string_view path;  ///< "assets/index-1a2b3c.js"
  std::string_view gzip;  ///< the bytes, packed
  std::string_view etag;  ///< quoted
};

/// "scheme://host", "scheme://host:port" or "scheme://host:*", as a policy of frames may name it.
bool is_frame_origin(std::string_view text);

/// Serves the pages to GET requests that no other route takes: a file by its path, else index.html,
/// whose script reads the address. An empty span serves a page that says how to build them.
///
/// No page may be framed, but a run's with `?jupyter=true`, which is how it shows itself in a
/// notebook: that one by pages of this machine, of the host under which the server was asked, and
/// of `notebook_origins`.
void add_pages(http::Router& router, std::span<const EmbeddedFile> files,
               std::vector<std::string> notebook_origins = {});

}  // namespace runstone::api
