// A library of the name and the functions of NVIDIA's, with three GPUs: the second cannot say its
// temperature, the third has fallen off the bus. No machine of the tests has real ones.
#include <unistd.h>

#include <cstdint>
#include <cstdio>

namespace {
int g_open = 0;
int index_of(void* device) { return static_cast<int>(reinterpret_cast<std::intptr_t>(device)) - 1; }
constexpr int kNotSupported = 3, kGpuIsLost = 15;
}  // namespace

extern "C" {
struct Utilization {
  unsigned gpu, memory;
};
struct Memory {
  unsigned long long total, free, used;
};
struct Pci {
  char legacy[16];
  unsigned domain, bus, device, id, subsystem;
  char bus_id[32];
};
struct Process {
  unsigned pid;
  unsigned long long used;
  unsigned gpu_instance, compute_instance;
};

int nvmlInit_v2() { return ++g_open, 0; }
int nvmlShutdown() { return --g_open, 0; }
int fake_open_count() { return g_open; }
int nvmlDeviceGetCount_v2(unsigned* count) { return *count = 3, 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  if (index == 2) return kGpuIsLost;
  *device = reinterpret_cast<void*>(static_cast<std::intptr_t>(index + 1));
  return 0;
}
int nvmlDeviceGetUtilizationRates(void* device, Utilization* busy) {
  *busy = {90u + static_cast<unsigned>(index_of(device)), 40};
  return 0;
}
int nvmlDeviceGetMemoryInfo(void*, Memory* memory) {
  *memory = {80ull << 30, 60ull << 30, 20ull << 30};
  return 0;
}
int nvmlDeviceGetTemperature(void* device, unsigned sensor, unsigned* degrees) {
  if (index_of(device) == 1 || sensor != 0) return kNotSupported;
  *degrees = 61;
  return 0;
}
int nvmlDeviceGetPowerUsage(void*, unsigned* milliwatts) { return *milliwatts = 350'500, 0; }
int nvmlDeviceGetEnforcedPowerLimit(void*, unsigned* milliwatts) {
  return *milliwatts = 701'000, 0;
}
int nvmlDeviceGetClockInfo(void*, unsigned kind, unsigned* mhz) { return *mhz = 1000 + kind, 0; }
int nvmlDeviceGetTotalEccErrors(void*, unsigned kind, unsigned, unsigned long long* count) {
  *count = 5 + kind;
  return 0;
}
int nvmlDeviceGetComputeRunningProcesses_v3(void* device, unsigned* count, Process* processes) {
  *count = 0;
  if (index_of(device) != 0) return 0;
  processes[0] = {1, 1, 0, 0};
  processes[1] = {static_cast<unsigned>(getpid()), 1, 0, 0};
  *count = 2;
  return 0;
}
int nvmlDeviceGetName(void*, char* name, unsigned size) {
  std::snprintf(name, size, "Fake H100");
  return 0;
}
int nvmlDeviceGetUUID(void* device, char* uuid, unsigned size) {
  std::snprintf(uuid, size, "GPU-%d", index_of(device));
  return 0;
}
int nvmlDeviceGetNumGpuCores(void*, unsigned* cores) { return *cores = 16896, 0; }
int nvmlDeviceGetArchitecture(void*, unsigned* number) { return *number = 9, 0; }
int nvmlDeviceGetPciInfo_v3(void*, Pci* pci) {
  *pci = {};
  std::snprintf(pci->bus_id, sizeof pci->bus_id, "00000000:3B:00.0");
  return 0;
}
int nvmlSystemGetCudaDriverVersion_v2(int* version) { return *version = 12040, 0; }
}
