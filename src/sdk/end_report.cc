#include "sdk/end_report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "base/utf8.h"
#include "fs/file_system.h"
#include "journal/journal_reader.h"
#include "protocol/record.h"

namespace runstone {
namespace {

constexpr std::uintmax_t kMaxJournalBytes = 8u << 20;  // read in some 50 ms
constexpr std::size_t kMaxTextChars = 60;
constexpr std::size_t kMaxMetrics = 1000;  // of a sketch; only a few are drawn

std::vector<std::string> padded(const std::vector<std::pair<std::string, std::string>>& rows) {
  std::size_t width = 0;
  for (const auto& [name, value] : rows) width = std::max(width, count_characters(name));
  std::vector<std::string> lines;
  for (const auto& [name, value] : rows) {
    lines.push_back("  " + name + std::string(width - count_characters(name) + 1, ' ') + value);
  }
  return lines;
}

/// A value in a few characters; "" for what has no short form (media, lists).
std::string short_text(const Value& value) {
  char text[64];
  if (const double* number = value.if_double()) {
    std::snprintf(text, sizeof text, "%.5g", *number);
    return text;
  }
  if (value.is_int()) return std::to_string(value.int_or(0));
  if (const bool* flag = value.if_bool()) return *flag ? "True" : "False";
  const std::string* words = value.if_string();
  if (words == nullptr || words->find('\n') != words->npos) return "";
  if (count_characters(*words) <= kMaxTextChars) return *words;
  return words->substr(0, bytes_of_characters(*words, kMaxTextChars)) + "...";
}

void add_rows(std::vector<std::pair<std::string, std::string>>& rows, const std::string& name,
              const Value& value) {
  const Dict* group = value.if_dict();
  if (group == nullptr) {
    if (std::string text = short_text(value); !text.empty()) rows.emplace_back(name, text);
    return;
  }
  if (group->contains("_type")) return;  // a medium
  for (const auto& [key, inside] : *group) add_rows(rows, name + "." + key, inside);
}

}  // namespace

void MetricSketch::add(const std::string& name, double value) {
  const auto known = metrics_.find(name);
  if (known == metrics_.end() && metrics_.size() >= kMaxMetrics) return;
  Points& points = known == metrics_.end() ? metrics_[name] : known->second;
  if (points.seen++ % points.stride != 0) return;
  points.values.push_back(value);
  if (points.values.size() < kMaxPoints) return;
  for (std::size_t i = 0; i < kMaxPoints / 2; ++i) points.values[i] = points.values[2 * i];
  points.values.resize(kMaxPoints / 2);
  points.stride *= 2;
}

std::vector<std::string> MetricSketch::lines(std::size_t count) const {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& [name, points] : metrics_) {
    if (rows.size() >= count) break;
    std::string drawn = sparkline(points.values);
    if (!drawn.empty()) rows.emplace_back(name, std::move(drawn));
  }
  return padded(rows);
}

MetricSketch sketch_of_journal(const std::string& journal_path) {
  MetricSketch sketch;
  std::error_code error;
  const auto size = std::filesystem::file_size(journal_path, error);
  if (error || size > kMaxJournalBytes) return sketch;
  auto reader = journal::JournalReader::open(fs::real_file_system(), journal_path);
  std::string_view bytes;
  while (reader) {
    const auto outcome = reader->next(bytes);
    if (!outcome || *outcome != journal::ReadOutcome::kRecord) break;
    const auto record = protocol::decode_record(bytes);
    const auto* row = record ? std::get_if<protocol::HistoryRecord>(&record->body) : nullptr;
    if (row == nullptr) continue;
    for (const auto& item : row->items) {
      if (item.path.size() != 1 || item.path[0].empty() || item.path[0][0] == '_') continue;
      const auto value = protocol::item_value(item);
      if (value && value->is_number()) sketch.add(item.path[0], value->number_or(0));
    }
  }
  return sketch;
}

std::string sparkline(const std::vector<double>& values, std::size_t width) {
  static constexpr const char* kBlocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::vector<double> shown;
  for (const double value : values) {
    if (std::isfinite(value)) shown.push_back(value);
  }
  if (shown.empty()) return "";
  if (shown.size() > width) {  // evenly spread, the last one among them
    std::vector<double> fewer;
    for (std::size_t i = 0; i < width; ++i) {
      fewer.push_back(shown[i * (shown.size() - 1) / (width - 1)]);
    }
    shown = std::move(fewer);
  }
  const auto [least, greatest] = std::minmax_element(shown.begin(), shown.end());
  const double range = *greatest - *least;
  std::string drawn;
  for (const double value : shown) {
    const double place = range > 0 ? (value - *least) / range : 0;
    drawn += kBlocks[std::min<std::size_t>(static_cast<std::size_t>(place * 8), 7)];
  }
  return drawn;
}

std::vector<std::string> summary_lines(const Dict& summary, std::size_t count) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const auto& [name, value] : summary) {
    if (!name.empty() && name[0] != '_') add_rows(rows, name, value);
  }
  std::sort(rows.begin(), rows.end());
  const std::size_t left = rows.size() > count ? rows.size() - count : 0;
  if (left > 0) rows.resize(count);
  auto lines = padded(rows);
  if (left > 0 && count > 0) lines.push_back("  ... and " + std::to_string(left) + " more");
  return lines;
}

}  // namespace runstone
