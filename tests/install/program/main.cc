#include <runstone/runstone.h>

int main() {
  runstone::InitOptions options;
  options.project = "outside";
  options.config = {{"lr", 0.1}};
  auto run = runstone::Run::init(options);
  if (!run) return 1;
  for (int i = 0; i < 3; ++i) {
    if (!run->log({{"loss", 1.0 / (i + 1)}, {"i", i}})) return 2;
  }
  return run->summary().get("i") == runstone::Value(2) && run->finish().rows == 3 ? 0 : 3;
}
