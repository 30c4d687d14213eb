#include "probe/gpu_amd.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "probe/dynamic_library.h"

namespace runstone::probe {
namespace {

// The binary interface of ROCm SMI, as its reference documents it; 0 is success everywhere.
constexpr unsigned kMemoryVram = 0;
constexpr unsigned kTemperatureEdge = 0, kTemperatureJunction = 1;
constexpr unsigned kTemperatureCurrent = 0;
constexpr std::size_t kMaxDevices = 128;

}  // namespace

struct AmdGpus::Functions {
  explicit Functions(const std::string& name) : library(name) {
    if (!library.loaded()) return;
    const auto take = [this](auto*& function, const char* symbol) {
      function = library.find<std::remove_reference_t<decltype(*function)>>(symbol);
    };
    take(init, "rsmi_init");
    take(shutdown, "rsmi_shut_down");
    take(count, "rsmi_num_monitor_devices");
    take(busy, "rsmi_dev_busy_percent_get");
    take(memory_busy, "rsmi_dev_memory_busy_percent_get");
    take(memory_total, "rsmi_dev_memory_total_get");
    take(memory_used, "rsmi_dev_memory_usage_get");
    take(temperature, "rsmi_dev_temp_metric_get");
    take(power, "rsmi_dev_power_ave_get");
    take(socket_power, "rsmi_dev_current_socket_power_get");
    take(power_cap, "rsmi_dev_power_cap_get");
    take(name_of, "rsmi_dev_name_get");
    take(vendor_of, "rsmi_dev_vendor_name_get");
    take(vbios_of, "rsmi_dev_vbios_version_get");
    take(sku_of, "rsmi_dev_sku_get");
    take(unique_id, "rsmi_dev_unique_id_get");
  }
  bool usable() const { return init != nullptr && count != nullptr; }

  DynamicLibrary library;
  int (*init)(std::uint64_t) = nullptr;
  int (*shutdown)() = nullptr;
  int (*count)(std::uint32_t*) = nullptr;
  int (*busy)(std::uint32_t, std::uint32_t*) = nullptr;
  int (*memory_busy)(std::uint32_t, std::uint32_t*) = nullptr;
  int (*memory_total)(std::uint32_t, unsigned, std::uint64_t*) = nullptr;
  int (*memory_used)(std::uint32_t, unsigned, std::uint64_t*) = nullptr;
  int (*temperature)(std::uint32_t, std::uint32_t, unsigned, std::int64_t*) = nullptr;
  int (*power)(std::uint32_t, std::uint32_t, std::uint64_t*) = nullptr;
  int (*socket_power)(std::uint32_t, std::uint64_t*) = nullptr;
  int (*power_cap)(std::uint32_t, std::uint32_t, std::uint64_t*) = nullptr;
  int (*name_of)(std::uint32_t, char*, std::size_t) = nullptr;
  int (*vendor_of)(std::uint32_t, char*, std::size_t) = nullptr;
  int (*vbios_of)(std::uint32_t, char*, std::uint32_t) = nullptr;
  int (*sku_of)(std::uint32_t, char*) = nullptr;
  int (*unique_id)(std::uint32_t, std::uint64_t*) = nullptr;

  // Older GPUs give an average, newer ones only what they draw now. Microwatts.
  bool read_power(std::uint32_t gpu, std::uint64_t& microwatts) const {
    if (power != nullptr && power(gpu, 0, &microwatts) == 0) return true;
    return socket_power != nullptr && socket_power(gpu, &microwatts) == 0;
  }
  // Data-centre GPUs have no sensor at the edge. Millidegrees.
  bool read_temperature(std::uint32_t gpu, std::int64_t& millidegrees) const {
    for (const std::uint32_t sensor : {kTemperatureEdge, kTemperatureJunction}) {
      if (temperature != nullptr &&
          temperature(gpu, sensor, kTemperatureCurrent, &millidegrees) == 0) {
        return true;
      }
    }
    return false;
  }
};

std::unique_ptr<AmdGpus> AmdGpus::open(const MachineRoots& roots,
                                       const std::vector<std::string>& libraries) {
  const auto state = read_kernel_file(roots.sys + "/module/amdgpu/initstate");
  if (!state || words_of(*state) != std::vector<std::string_view>{"live"}) return nullptr;
  for (const std::string& library : libraries) {
    auto functions = std::make_unique<Functions>(library);
    if (!functions->usable()) continue;
    std::uint32_t count = 0;
    if (functions->init(0) != 0) return nullptr;
    if (functions->count(&count) != 0 || count == 0) {
      if (functions->shutdown != nullptr) functions->shutdown();
      return nullptr;
    }
    return std::unique_ptr<AmdGpus>(
        new AmdGpus(std::move(functions), std::min<std::size_t>(count, kMaxDevices)));
  }
  return nullptr;
}

AmdGpus::AmdGpus(std::unique_ptr<Functions> functions, std::size_t count)
    : smi_(std::move(functions)), count_(count) {}

AmdGpus::~AmdGpus() {
  if (smi_->shutdown != nullptr) smi_->shutdown();
}

void AmdGpus::read(std::size_t first_index, const std::vector<int>& only, Readings& out) const {
  for (std::uint32_t gpu = 0; gpu < count_; ++gpu) {
    const std::size_t index = first_index + gpu;
    if (!only.empty() && std::find(only.begin(), only.end(), static_cast<int>(index)) == only.end())
      continue;
    const auto add = [&](const char* key, double value) {
      out.push_back({"gpu." + std::to_string(index) + "." + key, value});
    };
    std::uint32_t percent = 0;
    std::uint64_t total = 0, used = 0, microwatts = 0, cap = 0;
    std::int64_t millidegrees = 0;
    if (smi_->busy != nullptr && smi_->busy(gpu, &percent) == 0) add("gpu", percent);
    if (smi_->memory_used != nullptr && smi_->memory_used(gpu, kMemoryVram, &used) == 0) {
      if (smi_->memory_total != nullptr && smi_->memory_total(gpu, kMemoryVram, &total) == 0 &&
          total > 0) {
        add("memoryAllocated", static_cast<double>(used) / static_cast<double>(total) * 100);
      }
      add("memoryAllocatedBytes", static_cast<double>(used));
    }
    if (smi_->memory_busy != nullptr && smi_->memory_busy(gpu, &percent) == 0) {
      add("memoryReadWriteActivity", percent);
    }
    if (smi_->read_temperature(gpu, millidegrees)) {
      add("temp", static_cast<double>(millidegrees) / 1e3);
    }
    if (smi_->read_power(gpu, microwatts)) {
      add("powerWatts", static_cast<double>(microwatts) / 1e6);
      if (smi_->power_cap != nullptr && smi_->power_cap(gpu, 0, &cap) == 0 && cap > 0) {
        add("powerPercent", static_cast<double>(microwatts) / static_cast<double>(cap) * 100);
      }
    }
  }
}

List AmdGpus::facts() const {
  List list;
  for (std::uint32_t gpu = 0; gpu < count_; ++gpu) {
    Dict facts;
    facts.set("id", std::to_string(gpu));
    char text[256] = {};
    std::uint64_t number = 0;
    if (smi_->unique_id != nullptr && smi_->unique_id(gpu, &number) == 0) {
      std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(number));
      facts.set("uniqueId", std::string(text));
    }
    if (smi_->vbios_of != nullptr && smi_->vbios_of(gpu, text, sizeof text) == 0) {
      facts.set("vbiosVersion", std::string(text));
    }
    if (smi_->power_cap != nullptr && smi_->power_cap(gpu, 0, &number) == 0) {
      facts.set("maxPower", std::to_string(number / 1'000'000));
    }
    if (smi_->name_of != nullptr && smi_->name_of(gpu, text, sizeof text) == 0) {
      facts.set("series", std::string(text));
    }
    if (smi_->vendor_of != nullptr && smi_->vendor_of(gpu, text, sizeof text) == 0) {
      facts.set("vendor", std::string(text));
    }
    if (smi_->sku_of != nullptr && smi_->sku_of(gpu, text) == 0) {
      facts.set("sku", std::string(text));
    }
    list.emplace_back(std::move(facts));
  }
  return list;
}

}  // namespace runstone::probe
