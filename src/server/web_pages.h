#pragma once

#include <span>

#include "api/pages.h"

namespace runstone::server {

/// web/dist as it was when this program was built; empty if it was not there. Its source is made by
/// tools/embed_files.py in the build folder.
std::span<const api::EmbeddedFile> web_pages();

}  // namespace runstone::server
