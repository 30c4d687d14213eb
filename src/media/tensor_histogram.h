#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runstone/result.h"
#include "runstone/span.h"

namespace runstone::media {

/// How the values of a tensor are distributed. Empty counts: it has no finite value.
struct TensorHistogram {
  std::vector<std::uint64_t> counts;  ///< [bins], or [1] if all values are equal
  std::vector<double> edges;   ///< one more than counts, from the lowest to the highest value
  std::uint64_t left_out = 0;  ///< values that were NaN or infinite; they are in no bin
};

/// Floats of 16 bits, by their bit patterns.
enum class HalfType { kFloat16, kBfloat16 };
struct Halves {
  const std::uint16_t* data = nullptr;
  std::size_t size = 0;
  HalfType type = HalfType::kFloat16;
};

/// Tensors of at most so many values are counted exactly: their second look finds them in the
/// cache.
inline constexpr std::size_t kExactMax = 1 << 16;

/// Counts over `bins` bins of equal width from the lowest to the highest finite value. `zeros` is
/// how many zeros there are besides, which a sparse tensor does not spell out.
/// Cost     one read of the values, O(bins) memory more than 64 KiB; without the interpreter's
/// lock. Exact    counts in all, the lowest and the highest value, and all counts of 16-bit types
/// and of
///          up to kExactMax values. Of more values, those in one of at least 64 cells of a bin may
///          be on the other side of an inner edge, in the proportion in which the edge cuts the
///          cell.
/// Errors   kInvalidArgument for less than one bin, and for doubles that lie too far apart to be
///          subtracted.
Result<TensorHistogram> tensor_histogram(Span<const float> values, int bins,
                                         std::uint64_t zeros = 0);
Result<TensorHistogram> tensor_histogram(Span<const double> values, int bins,
                                         std::uint64_t zeros = 0);
Result<TensorHistogram> tensor_histogram(const Halves& values, int bins, std::uint64_t zeros = 0);

}  // namespace runstone::media
