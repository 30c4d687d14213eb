#pragma once

#include <optional>
#include <utility>

#include "probe/machine_files.h"
#include "probe/reading.h"

namespace runstone::probe {

/// `network.sent`, `network.recv`: bytes over all interfaces but loopback,
/// `network.tcpRetransmits`: segments sent again; all since the first call, of this network
/// namespace.
class NetworkReader {
 public:
  explicit NetworkReader(MachineRoots roots) : roots_(std::move(roots)) {}
  void read(Readings& out);

 private:
  MachineRoots roots_;
  std::optional<double> first_sent_, first_received_, first_retransmits_;
};

}  // namespace runstone::probe
