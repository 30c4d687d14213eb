#include "model/names.h"

#include <array>
#include <cstring>
#include <string_view>

#include "base/random_id.h"

namespace runstone {
namespace {

constexpr std::array<std::string_view, 96> kAdjectives = {
    "amber",   "ancient", "autumn", "azure",  "balmy",  "bold",    "brave",   "breezy",  "bright",
    "brisk",   "bronze",  "calm",   "candid", "cedar",  "chalky",  "clear",   "clever",  "cobalt",
    "cool",    "copper",  "coral",  "cosmic", "cozy",   "crimson", "crisp",   "curious", "dainty",
    "dapper",  "dawn",    "deft",   "dewy",   "dusky",  "eager",   "earnest", "early",   "ebony",
    "emerald", "fair",    "fluent", "fresh",  "gentle", "gilded",  "glad",    "golden",  "grand",
    "granite", "hardy",   "hazel",  "hidden", "honest", "humble",  "icy",     "indigo",  "ivory",
    "jade",    "jolly",   "keen",   "kind",   "lively", "lucid",   "lunar",   "maple",   "mellow",
    "merry",   "misty",   "modest", "mossy",  "neat",   "nimble",  "noble",   "olive",   "opal",
    "patient", "placid",  "proud",  "quick",  "quiet",  "rapid",   "ruby",    "rustic",  "sable",
    "sandy",   "serene",  "silver", "sleek",  "snowy",  "solar",   "spry",    "steady",  "stellar",
    "sunny",   "swift",   "tidal",  "vivid",  "warm",   "wise"};

constexpr std::array<std::string_view, 96> kNouns = {
    "acorn",    "alder",   "anchor",  "arch",    "aspen",  "badger",  "basin",  "bay",
    "beacon",   "beetle",  "birch",   "bison",   "bluff",  "boulder", "brook",  "canyon",
    "cape",     "cavern",  "cliff",   "cloud",   "comet",  "cove",    "crane",  "creek",
    "crest",    "cypress", "delta",   "dolphin", "dove",   "drift",   "dune",   "eagle",
    "ember",    "falcon",  "fern",    "field",   "finch",  "fjord",   "forest", "fox",
    "garden",   "geyser",  "glacier", "glade",   "grove",  "gull",    "harbor", "hare",
    "heron",    "hill",    "hollow",  "island",  "ivy",    "kestrel", "lagoon", "lake",
    "lark",     "lichen",  "lynx",    "marsh",   "meadow", "mesa",    "meteor", "moor",
    "mountain", "oak",     "oasis",   "orchard", "otter",  "owl",     "peak",   "pebble",
    "pine",     "plateau", "pond",    "prairie", "quartz", "rain",    "rapids", "raven",
    "reef",     "ridge",   "river",   "sequoia", "shore",  "sparrow", "spring", "spruce",
    "stone",    "summit",  "thicket", "tide",    "tundra", "valley",  "willow", "wren"};

}  // namespace

std::string two_word_name(std::uint64_t random, std::uint64_t number) {
  std::string name(kAdjectives[random % kAdjectives.size()]);
  name += '-';
  name += kNouns[random / kAdjectives.size() % kNouns.size()];
  if (number > 0) name += '-' + std::to_string(number);
  return name;
}

std::string two_word_name_from_kernel(std::uint64_t number) {
  const std::string bytes = random_bytes(sizeof(std::uint64_t));
  std::uint64_t random = 0;
  std::memcpy(&random, bytes.data(), sizeof random);
  return two_word_name(random, number);
}

}  // namespace runstone
