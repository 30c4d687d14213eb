#pragma once

#include <cstdint>

namespace runstone::testing_support {

/// How often the calling thread has asked for memory, by new or by malloc() and its kin. Only in a
/// program that links count_allocations.cc, which stands in for all of them.
std::uint64_t allocations_of_this_thread();

}  // namespace runstone::testing_support
