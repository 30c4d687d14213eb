#include "artifact/warning.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace runstone::artifact {
namespace {

bool is_on(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr) return false;
  std::string text(value);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text == "1" || text == "y" || text == "yes" || text == "t" || text == "true" ||
         text == "on";
}

}  // namespace

void warn(const std::string& line) {
  if (is_on("RUNSTONE_SILENT") || is_on("WANDB_SILENT")) return;
  std::fprintf(stderr, "runstone: WARNING %s\n", line.c_str());
}

}  // namespace runstone::artifact
