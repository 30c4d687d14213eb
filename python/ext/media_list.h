#pragma once

#include <nanobind/nanobind.h>

#include "runstone/media.h"

namespace runstone::python {

/// The media that a converted value is: a `_core.Media`, or null.
const Media* if_media(nanobind::handle object);

}  // namespace runstone::python
