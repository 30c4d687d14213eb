#include "probe/network.h"

#include <algorithm>

namespace runstone::probe {
namespace {

struct Traffic {
  double sent = 0, received = 0;
};

// Lines are `name: 8 numbers received, 8 numbers sent`; both begin with bytes.
std::optional<Traffic> read_traffic(const MachineRoots& roots) {
  const auto text = read_kernel_file(roots.proc + "/net/dev");
  if (!text) return std::nullopt;
  Traffic traffic;
  for_each_line(*text, [&](std::string_view line) {
    const std::size_t colon = line.find(':');
    if (colon == line.npos) return;
    const auto name = words_of(line.substr(0, colon));
    const auto numbers = words_of(line.substr(colon + 1));
    if (name.size() != 1 || name[0] == "lo" || numbers.size() < 9) return;
    traffic.received += number_of(numbers[0]).value_or(0);
    traffic.sent += number_of(numbers[8]).value_or(0);
  });
  return traffic;
}

// Two lines of each protocol: the names, then the numbers.
std::optional<double> read_retransmits(const MachineRoots& roots) {
  const auto text = read_kernel_file(roots.proc + "/net/snmp");
  if (!text) return std::nullopt;
  std::optional<double> segments;
  std::vector<std::string_view> names;
  for_each_line(*text, [&](std::string_view line) {
    if (line.substr(0, 4) != "Tcp:") return;
    const auto words = words_of(line);
    if (names.empty()) {
      names = words;
      return;
    }
    const auto at = std::find(names.begin(), names.end(), "RetransSegs") - names.begin();
    if (static_cast<std::size_t>(at) < words.size()) {
      segments = number_of(words[static_cast<std::size_t>(at)]);
    }
  });
  return segments;
}

// What was counted since the first call. An interface that goes takes its bytes along: never below
// 0.
double since_first(std::optional<double>& first, double now) {
  if (!first) first = now;
  return std::max(now - *first, 0.0);
}

}  // namespace

void NetworkReader::read(Readings& out) {
  if (const auto traffic = read_traffic(roots_)) {
    out.push_back({"network.sent", since_first(first_sent_, traffic->sent)});
    out.push_back({"network.recv", since_first(first_received_, traffic->received)});
  }
  if (const auto segments = read_retransmits(roots_)) {
    out.push_back({"network.tcpRetransmits", since_first(first_retransmits_, *segments)});
  }
}

}  // namespace runstone::probe
