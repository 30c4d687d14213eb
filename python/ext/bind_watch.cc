// What watch() needs of the core: how a tensor's values are distributed.
#include <nanobind/ndarray.h>

#include "bind.h"
#include "errors.h"
#include "media/histogram_object.h"
#include "media/tensor_histogram.h"
#include "runstone/media.h"

namespace runstone::python {
namespace nb = nanobind;
using namespace nb::literals;
namespace {

using Tensor = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;

media::TensorHistogram histogram_of(const Tensor& tensor, int bins, std::uint64_t zeros) {
  const auto type = static_cast<nb::dlpack::dtype_code>(tensor.dtype().code);
  const auto bits = tensor.dtype().bits;
  const auto count = [&](const auto& values) {
    return value_or_throw([&] {
      const nb::gil_scoped_release counting;
      return media::tensor_histogram(values, bins, zeros);
    }());
  };
  const void* const data = tensor.data();
  if (type == nb::dlpack::dtype_code::Float && bits == 32) {
    return count(Span<const float>(static_cast<const float*>(data), tensor.size()));
  }
  if (type == nb::dlpack::dtype_code::Float && bits == 64) {
    return count(Span<const double>(static_cast<const double*>(data), tensor.size()));
  }
  const bool is_bfloat = type == nb::dlpack::dtype_code::Bfloat;
  if (bits == 16 && (is_bfloat || type == nb::dlpack::dtype_code::Float)) {
    return count(media::Halves{static_cast<const std::uint16_t*>(data), tensor.size(),
                               is_bfloat ? media::HalfType::kBfloat16 : media::HalfType::kFloat16});
  }
  throw nb::type_error("a tensor of floats of 16, 32 or 64 bits is needed here");
}

/// (Media or None if there is no finite value, number of values left out).
nb::tuple tensor_histogram(const Tensor& tensor, int bins, std::uint64_t zeros) {
  const media::TensorHistogram found = histogram_of(tensor, bins, zeros);
  nb::object media = nb::none();
  if (!found.counts.empty()) {
    List counts, edges;
    for (const auto one : found.counts) counts.emplace_back(static_cast<std::int64_t>(one));
    for (const auto edge : found.edges) edges.emplace_back(edge);
    media = nb::cast(
        Media(std::make_shared<media::HistogramObject>(std::move(counts), std::move(edges))));
  }
  return nb::make_tuple(media, found.left_out);
}

}  // namespace

void bind_watch(nb::module_& module) {
  module.def("tensor_histogram", tensor_histogram, "tensor"_a, "bins"_a, "zeros"_a);
}

}  // namespace runstone::python
