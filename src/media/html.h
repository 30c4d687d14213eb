#pragma once

#include <string>
#include <string_view>

namespace runstone::media {

/// The page with a base target (links open outside the frame it is shown in) and a plain style
/// sheet in its head: inside <head> if there is one, else in a head after <html>, else in front.
std::string with_injected_head(std::string_view page);

}  // namespace runstone::media
