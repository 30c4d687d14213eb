// GraphQL documents: read, checked and, if they are valid, executed.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "graphql/schema.h"
#include "graphql/test_service.h"

using namespace runstone;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto engine = graphql::testing_service::make_engine(
      {.document_bytes_max = 1 << 16, .page_max = 100, .complexity_max = 20'000});
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  graphql::testing_service::run(engine, text, Dict{{"n", 3}, {"text", "a"}});
  // The schema language is read by the same parser, from our own files only.
  discard(graphql::Schema::build(text), "only that it comes back counts");
  return 0;
}
