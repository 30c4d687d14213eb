#pragma once

#include <cstdint>
#include <string>

namespace runstone {

/// A name for a run that its user did not name: "brisk-otter" for number 0, else "brisk-otter-17".
/// `random` picks the words; the server passes its count of the project's runs as `number`, the
/// SDK, which cannot know it, passes 0. Lower case ASCII letters, digits and `-` only.
std::string two_word_name(std::uint64_t random, std::uint64_t number = 0);

/// The same with words from the kernel's generator: no user's seed changes them.
std::string two_word_name_from_kernel(std::uint64_t number = 0);

}  // namespace runstone
