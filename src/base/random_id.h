#pragma once

#include <cstddef>
#include <string>

namespace runstone {

/// `length` characters of [a-z0-9] from the kernel's generator: no user's seed changes them.
std::string random_id(std::size_t length = 8);
/// `count` random bytes from the kernel.
std::string random_bytes(std::size_t count);
/// A random UUID (version 4), lowercase.
std::string random_uuid();

}  // namespace runstone
