#include "probe/gpu_nvidia.h"

#include <algorithm>
#include <cctype>

#include "probe/dynamic_library.h"

namespace runstone::probe {
namespace {

// The binary interface of NVML, as its reference documents it; 0 is success everywhere.
using Device = void*;
constexpr unsigned kTemperatureGpu = 0;
constexpr unsigned kClockGraphics = 0, kClockSm = 1, kClockMemory = 2;
constexpr unsigned kCorrected = 0, kUncorrected = 1, kSinceReboot = 0;
constexpr unsigned kMaxDevices = 128;
constexpr unsigned kMaxProcessesOfGpu = 1024;

struct Utilization {
  unsigned gpu, memory;  // percent of the time in which it was busy
};
struct Memory {
  unsigned long long total, free, used;  // bytes
};
struct PciInfo {
  char bus_id_legacy[16];
  unsigned domain, bus, device, device_id, subsystem_id;
  char bus_id[32];
};
struct ProcessInfo {
  unsigned pid;
  unsigned long long used_memory;
  unsigned gpu_instance, compute_instance;
};

const char* architecture_name(unsigned number) {
  constexpr const char* kNames[] = {"",       "",       "Kepler", "Maxwell", "Pascal",   "Volta",
                                    "Turing", "Ampere", "Ada",    "Hopper",  "Blackwell"};
  return number < std::size(kNames) ? kNames[number] : "";
}

}  // namespace

struct NvidiaGpus::Functions {
  explicit Functions(const std::string& name) : library(name) {
    if (!library.loaded()) return;
    const auto take = [this](auto*& function, const char* symbol) {
      function = library.find<std::remove_reference_t<decltype(*function)>>(symbol);
    };
    take(init, "nvmlInit_v2");
    take(shutdown, "nvmlShutdown");
    take(count, "nvmlDeviceGetCount_v2");
    take(handle, "nvmlDeviceGetHandleByIndex_v2");
    take(utilization, "nvmlDeviceGetUtilizationRates");
    take(memory, "nvmlDeviceGetMemoryInfo");
    take(temperature, "nvmlDeviceGetTemperature");
    take(power, "nvmlDeviceGetPowerUsage");
    take(power_limit, "nvmlDeviceGetEnforcedPowerLimit");
    take(energy, "nvmlDeviceGetTotalEnergyConsumption");
    take(clock, "nvmlDeviceGetClockInfo");
    take(ecc_errors, "nvmlDeviceGetTotalEccErrors");
    take(fan_speed, "nvmlDeviceGetFanSpeed");
    take(encoder, "nvmlDeviceGetEncoderUtilization");
    take(processes, "nvmlDeviceGetComputeRunningProcesses_v3");
    take(name_of, "nvmlDeviceGetName");
    take(uuid_of, "nvmlDeviceGetUUID");
    take(cores, "nvmlDeviceGetNumGpuCores");
    take(architecture, "nvmlDeviceGetArchitecture");
    take(pci_info, "nvmlDeviceGetPciInfo_v3");
    take(cuda_version, "nvmlSystemGetCudaDriverVersion_v2");
  }
  bool usable() const { return init != nullptr && count != nullptr && handle != nullptr; }

  DynamicLibrary library;
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  int (*count)(unsigned*) = nullptr;
  int (*handle)(unsigned, Device*) = nullptr;
  int (*utilization)(Device, Utilization*) = nullptr;
  int (*memory)(Device, Memory*) = nullptr;
  int (*temperature)(Device, unsigned, unsigned*) = nullptr;
  int (*power)(Device, unsigned*) = nullptr;
  int (*power_limit)(Device, unsigned*) = nullptr;
  int (*energy)(Device, unsigned long long*) = nullptr;
  int (*clock)(Device, unsigned, unsigned*) = nullptr;
  int (*ecc_errors)(Device, unsigned, unsigned, unsigned long long*) = nullptr;
  int (*fan_speed)(Device, unsigned*) = nullptr;
  int (*encoder)(Device, unsigned*, unsigned*) = nullptr;
  int (*processes)(Device, unsigned*, ProcessInfo*) = nullptr;
  int (*name_of)(Device, char*, unsigned) = nullptr;
  int (*uuid_of)(Device, char*, unsigned) = nullptr;
  int (*cores)(Device, unsigned*) = nullptr;
  int (*architecture)(Device, unsigned*) = nullptr;
  int (*pci_info)(Device, PciInfo*) = nullptr;
  int (*cuda_version)(int*) = nullptr;
};

std::unique_ptr<NvidiaGpus> NvidiaGpus::open(const std::string& library) {
  auto functions = std::make_unique<Functions>(library);
  if (!functions->usable() || functions->init() != 0) return nullptr;
  unsigned count = 0;
  std::vector<Device> devices;
  if (functions->count(&count) == 0) {
    for (unsigned i = 0; i < std::min(count, kMaxDevices); ++i) {
      Device device = nullptr;
      // A GPU that cannot be asked keeps its number.
      devices.push_back(functions->handle(i, &device) == 0 ? device : nullptr);
    }
  }
  if (devices.empty()) {
    if (functions->shutdown != nullptr) functions->shutdown();
    return nullptr;
  }
  return std::unique_ptr<NvidiaGpus>(new NvidiaGpus(std::move(functions), std::move(devices)));
}

NvidiaGpus::NvidiaGpus(std::unique_ptr<Functions> functions, std::vector<void*> devices)
    : nvml_(std::move(functions)), devices_(std::move(devices)) {}

NvidiaGpus::~NvidiaGpus() {
  if (nvml_->shutdown != nullptr) nvml_->shutdown();
}

std::size_t NvidiaGpus::count() const { return devices_.size(); }

void NvidiaGpus::read(const std::vector<ProcessState>& processes, const std::vector<int>& only,
                      Readings& out) const {
  for (std::size_t i = 0; i < devices_.size(); ++i) {
    const int index = static_cast<int>(i);
    if (devices_[i] == nullptr) continue;
    if (!only.empty() && std::find(only.begin(), only.end(), index) == only.end()) continue;
    Readings of_device;
    read_device(devices_[i], of_device);
    const bool used = computes_one_of(devices_[i], processes);
    for (const Reading& reading : of_device) {
      out.push_back({"gpu." + std::to_string(i) + "." + reading.key, reading.value});
      if (used)
        out.push_back({"gpu.process." + std::to_string(i) + "." + reading.key, reading.value});
    }
  }
}

void NvidiaGpus::read_device(void* device, Readings& out) const {
  const auto add = [&](const char* key, double value) { out.push_back({key, value}); };
  unsigned number = 0, other = 0;
  unsigned long long big = 0;
  if (Utilization busy{}; nvml_->utilization != nullptr && nvml_->utilization(device, &busy) == 0) {
    add("gpu", busy.gpu);
    add("memory", busy.memory);
  }
  if (Memory memory{}; nvml_->memory != nullptr && nvml_->memory(device, &memory) == 0) {
    const auto used = static_cast<double>(memory.used);
    if (memory.total > 0) add("memoryAllocated", used / static_cast<double>(memory.total) * 100);
    add("memoryAllocatedBytes", used);
  }
  if (nvml_->temperature != nullptr && nvml_->temperature(device, kTemperatureGpu, &number) == 0) {
    add("temp", number);
  }
  const bool has_power = nvml_->power != nullptr && nvml_->power(device, &number) == 0;
  const bool has_limit = nvml_->power_limit != nullptr && nvml_->power_limit(device, &other) == 0;
  if (has_power) add("powerWatts", number / 1000.0);
  if (has_limit) add("enforcedPowerLimitWatts", other / 1000.0);
  if (has_power && has_limit && other > 0) add("powerPercent", 100.0 * number / other);
  if (nvml_->energy != nullptr && nvml_->energy(device, &big) == 0) {
    add("energyJoules", static_cast<double>(big) / 1000);
  }
  constexpr std::pair<unsigned, const char*> kClocks[] = {
      {kClockSm, "smClock"}, {kClockMemory, "memoryClock"}, {kClockGraphics, "graphicsClock"}};
  for (const auto& [clock, key] : kClocks) {
    if (nvml_->clock != nullptr && nvml_->clock(device, clock, &number) == 0) add(key, number);
  }
  constexpr std::pair<unsigned, const char*> kErrors[] = {
      {kCorrected, "correctedMemoryErrors"}, {kUncorrected, "uncorrectedMemoryErrors"}};
  for (const auto& [kind, key] : kErrors) {
    if (nvml_->ecc_errors != nullptr && nvml_->ecc_errors(device, kind, kSinceReboot, &big) == 0) {
      add(key, static_cast<double>(big));
    }
  }
  if (nvml_->fan_speed != nullptr && nvml_->fan_speed(device, &number) == 0)
    add("fanSpeed", number);
  if (nvml_->encoder != nullptr && nvml_->encoder(device, &number, &other) == 0) {
    add("encoderUtilization", number);
  }
}

bool NvidiaGpus::computes_one_of(void* device, const std::vector<ProcessState>& processes) const {
  if (nvml_->processes == nullptr) return false;
  std::vector<ProcessInfo> found(kMaxProcessesOfGpu);
  unsigned count = kMaxProcessesOfGpu;
  if (nvml_->processes(device, &count, found.data()) != 0) return false;
  found.resize(std::min(count, kMaxProcessesOfGpu));
  return std::any_of(found.begin(), found.end(), [&](const ProcessInfo& info) {
    return std::any_of(processes.begin(), processes.end(), [&](const ProcessState& process) {
      return static_cast<unsigned>(process.pid) == info.pid;
    });
  });
}

List NvidiaGpus::facts(const MachineRoots& roots) const {
  List list;
  for (const Device device : devices_) {
    if (device == nullptr) continue;
    Dict facts;
    char text[96] = {};
    unsigned number = 0;
    const auto set_text = [&](const char* key, int (*ask)(Device, char*, unsigned)) {
      if (ask != nullptr && ask(device, text, sizeof text) == 0) facts.set(key, std::string(text));
    };
    set_text("name", nvml_->name_of);
    if (Memory memory{}; nvml_->memory != nullptr && nvml_->memory(device, &memory) == 0) {
      facts.set("memoryTotal", std::to_string(memory.total));
    }
    if (nvml_->cores != nullptr && nvml_->cores(device, &number) == 0) {
      facts.set("cudaCores", static_cast<std::int64_t>(number));
    }
    if (nvml_->architecture != nullptr && nvml_->architecture(device, &number) == 0 &&
        *architecture_name(number) != 0) {
      facts.set("architecture", architecture_name(number));
    }
    set_text("uuid", nvml_->uuid_of);
    if (PciInfo pci{}; nvml_->pci_info != nullptr && nvml_->pci_info(device, &pci) == 0) {
      pci.bus_id[sizeof pci.bus_id - 1] = 0;
      std::string bus = pci.bus_id;
      facts.set("pciBusId", bus);
      // The kernel writes the same with a domain of four digits, in lower case.
      for (char& c : bus) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      if (bus.size() > 12) bus = bus.substr(bus.size() - 12);
      const auto node = read_kernel_file(roots.sys + "/bus/pci/devices/" + bus + "/numa_node");
      const auto value = node ? number_of(*node) : std::nullopt;
      if (value && *value >= 0) facts.set("numaNode", static_cast<std::int64_t>(*value));
    }
    list.emplace_back(std::move(facts));
  }
  return list;
}

std::string NvidiaGpus::cuda_version() const {
  int version = 0;  // 12040 is 12.4
  if (nvml_->cuda_version == nullptr || nvml_->cuda_version(&version) != 0) return "";
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

}  // namespace runstone::probe
