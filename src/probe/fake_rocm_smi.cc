// A library of the name and the functions of AMD's, with one GPU that has no sensor at its edge.
#include <cstddef>
#include <cstdint>
#include <cstdio>

namespace {
constexpr int kNotSupported = 2;
}

extern "C" {
int rsmi_init(std::uint64_t) { return 0; }
int rsmi_shut_down() { return 0; }
int rsmi_num_monitor_devices(std::uint32_t* count) { return *count = 1, 0; }
int rsmi_dev_busy_percent_get(std::uint32_t, std::uint32_t* percent) { return *percent = 77, 0; }
int rsmi_dev_memory_busy_percent_get(std::uint32_t, std::uint32_t* percent) {
  return *percent = 12, 0;
}
int rsmi_dev_memory_total_get(std::uint32_t, unsigned, std::uint64_t* bytes) {
  return *bytes = std::uint64_t{64} << 30, 0;
}
int rsmi_dev_memory_usage_get(std::uint32_t, unsigned, std::uint64_t* bytes) {
  return *bytes = std::uint64_t{16} << 30, 0;
}
int rsmi_dev_temp_metric_get(std::uint32_t, std::uint32_t sensor, unsigned, std::int64_t* value) {
  if (sensor == 0) return kNotSupported;
  return *value = 45'000, 0;
}
int rsmi_dev_power_ave_get(std::uint32_t, std::uint32_t, std::uint64_t*) { return kNotSupported; }
int rsmi_dev_current_socket_power_get(std::uint32_t, std::uint64_t* microwatts) {
  return *microwatts = 250'000'000, 0;
}
int rsmi_dev_power_cap_get(std::uint32_t, std::uint32_t, std::uint64_t* microwatts) {
  return *microwatts = 500'000'000, 0;
}
int rsmi_dev_name_get(std::uint32_t, char* name, std::size_t size) {
  std::snprintf(name, size, "Fake MI300X");
  return 0;
}
int rsmi_dev_unique_id_get(std::uint32_t, std::uint64_t* id) { return *id = 0xabcdef, 0; }
}
