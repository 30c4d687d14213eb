// The filter language of run lists: read, and asked about a run.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "query/filter.h"

using namespace runstone;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const store::RunInfo run = [] {
    store::RunInfo made;
    made.name = "r1";
    made.display_name = "brisk-otter-1";
    made.tags = {"a", "b"};
    made.config_json =
        R"({"lr":{"value":0.1},"net":{"value":{"width":[1,2],"name":"x"}},"n":{"value":null}})";
    made.summary_json = R"({"loss":NaN,"acc":{"max":0.5},"list":[1,"a",{}],"text":"caf\u00e9"})";
    return made;
  }();
  const auto filter =
      query::Filter::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (filter) static_cast<void>(filter->passes(query::RunFields(run)));
  return 0;
}
