#include "artifacts/manifest.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/json.h"
#include "base/try.h"

namespace runstone::artifacts {
namespace {

Failure bad(const std::string& what) {
  return fail(ErrorCode::kInvalidArgument, "the artifact manifest cannot be read: " + what);
}

// Walks over the text and finds where values end; what is inside them json::parse() checks.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::size_t at() const { return at_; }
  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
      ++at_;
    }
  }
  bool take(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool done() {
    skip_space();
    return at_ == text_.size();
  }
  Result<std::string> string(std::size_t bytes_max) {
    skip_space();
    const auto begin = at_;
    RUNSTONE_TRY(skip_string());
    if (at_ - begin > bytes_max) return bad("a name is too long" + where());
    auto value = json::parse(text_.substr(begin, at_ - begin));
    if (!value || value->if_string() == nullptr) return bad("a name is no JSON string" + where());
    return std::string(*value->if_string());
  }
  /// The text of one value. Depth is bounded by json::parse() later; here only brackets count.
  Result<std::string_view> value() {
    skip_space();
    const auto begin = at_;
    if (at_ >= text_.size()) return bad("it ends too early");
    if (text_[at_] == '"') {
      RUNSTONE_TRY(skip_string());
    } else if (text_[at_] == '{' || text_[at_] == '[') {
      RUNSTONE_TRY(skip_brackets());
    } else {
      while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}' && text_[at_] != ']') {
        ++at_;
      }
    }
    if (at_ == begin) return bad("a value is missing" + where());
    return text_.substr(begin, at_ - begin);
  }
  std::string where() const { return " (at byte " + std::to_string(at_) + ")"; }

 private:
  Result<void> skip_string() {
    if (at_ >= text_.size() || text_[at_] != '"') return bad("a string is expected" + where());
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == '"') {
        ++at_;
        return {};
      }
    }
    at_ = text_.size();
    return bad("it ends inside a string");
  }
  Result<void> skip_brackets() {
    std::int64_t depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        RUNSTONE_TRY(skip_string());
        continue;
      }
      ++at_;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) return {};
    }
    return bad("it ends too early");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

bool is_known_field(const std::string& name) {
  return name == "digest" || name == "ref" || name == "size" || name == "birthArtifactID" ||
         name == "local_path";
}

// What the writer said besides (extra, skip_cache) is kept; where the file lay on his machine is
// not for others to see.
std::string rest_of(const Dict& fields) {
  Dict rest;
  for (const auto& [name, value] : fields) {
    if (!is_known_field(std::string(name))) rest.set(name, value);
  }
  return rest.size() == 0 ? std::string() : json::to_text(Value(std::move(rest)));
}

Result<std::string> optional_text(const Value& fields, const char* name, const std::string& path) {
  const auto* value = fields.get(name);
  if (value == nullptr || value->is_null()) return std::string();
  if (value->if_string() == nullptr) {
    return bad(std::string("\"") + name + "\" of " + path + " is no text");
  }
  return std::string(*value->if_string());
}

Result<store::ArtifactEntry> to_entry(std::string path, const Value& fields) {
  if (fields.if_dict() == nullptr) return bad("the entry of " + path + " is no object");
  store::ArtifactEntry entry;
  RUNSTONE_TRY(const auto digest, optional_text(fields, "digest", path));
  RUNSTONE_TRY(entry.ref, optional_text(fields, "ref", path));
  RUNSTONE_TRY(entry.birth_artifact, optional_text(fields, "birthArtifactID", path));
  if (const auto* size = fields.get("size"); size != nullptr && !size->is_null()) {
    if (!size->is_int() || size->int_or(-1) < 0) {
      return bad("the size of " + path + " is no whole number of bytes");
    }
    entry.size_bytes = size->int_or(0);
  }
  if (entry.ref.empty()) {
    const auto bytes = from_base64(digest);
    if (!bytes || bytes->size() != 16) {
      return bad("the digest of " + path + " is no base64 of an MD5");
    }
    entry.digest = to_hex(*bytes);
  } else {
    entry.digest = digest;
  }
  entry.rest_json = rest_of(*fields.if_dict());
  entry.path = std::move(path);
  return entry;
}

Result<std::int64_t> read_contents(Scanner& scanner, const TakeEntry& take) {
  if (!scanner.take('{')) return bad("\"contents\" is no object");
  std::int64_t count = 0;
  if (scanner.take('}')) return count;
  do {
    RUNSTONE_TRY(auto path, scanner.string(kMaxPathBytes * 6));
    RUNSTONE_TRY(check_entry_path(path));
    if (!scanner.take(':')) return bad("a : is missing" + scanner.where());
    RUNSTONE_TRY(const auto text, scanner.value());
    if (text.size() > kMaxEntryBytes) return bad("the entry of " + path + " is too long");
    const auto fields = json::parse(text);
    if (!fields) return bad("the entry of " + path + ": " + fields.error().message);
    RUNSTONE_TRY(auto entry, to_entry(std::move(path), *fields));
    if (++count > kMaxEntries) return bad("it has more than 10 million entries");
    RUNSTONE_TRY(take(std::move(entry)));
  } while (scanner.take(','));
  if (!scanner.take('}')) return bad("\"contents\" does not end" + scanner.where());
  return count;
}

}  // namespace

Result<ManifestHead> read_manifest(std::string_view text, const TakeEntry& take) {
  if (text.size() > kMaxManifestBytes) return bad("it is longer than 2 GiB");
  Scanner scanner(text);
  ManifestHead head;
  bool has_contents = false;
  if (!scanner.take('{')) return bad("it is no JSON object");
  if (!scanner.take('}')) {
    do {
      RUNSTONE_TRY(const auto name, scanner.string(kMaxEntryBytes));
      if (!scanner.take(':')) return bad("a : is missing" + scanner.where());
      if (name == "contents") {
        if (has_contents) return bad("it has \"contents\" twice");
        has_contents = true;
        RUNSTONE_TRY(head.entry_count, read_contents(scanner, take));
        continue;
      }
      RUNSTONE_TRY(const auto value_text, scanner.value());
      if (value_text.size() > kMaxEntryBytes) return bad("\"" + name + "\" is too long");
      const auto value = json::parse(value_text);
      if (!value) return bad("\"" + name + "\": " + value.error().message);
      if (name == "version" && !(value->is_int() && value->int_or(0) == 1)) {
        return bad("only version 1 is known");
      }
      if (name == "storagePolicyConfig" && value->if_dict() != nullptr) {
        head.storage_policy_config_json = json::to_text(*value);
      }
    } while (scanner.take(','));
    if (!scanner.take('}')) return bad("a , or } is missing" + scanner.where());
  }
  if (!scanner.done()) return bad("something follows its end" + scanner.where());
  if (!has_contents) return bad("it has no \"contents\"");
  return head;
}

Result<void> check_entry_path(std::string_view path) {
  const auto refuse = [&](const char* why) {
    return fail(ErrorCode::kInvalidArgument, "the artifact manifest names a file \"" +
                                                 std::string(path.substr(0, 200)) + "\" " + why);
  };
  if (path.empty()) return refuse("without a name");
  if (path.size() > kMaxPathBytes) return refuse("with too long a path");
  if (!is_valid_utf8(path)) return refuse("that is not UTF-8");
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(path.begin(), path.end(), is_control)) return refuse("with a control character");
  for (std::size_t begin = 0; begin <= path.size();) {
    const auto end = std::min(path.find('/', begin), path.size());
    const auto part = path.substr(begin, end - begin);
    if (part.empty()) return refuse("that is absolute, or has an empty part");
    if (part == "." || part == "..") return refuse("that leads out of its folder");
    begin = end + 1;
  }
  // On Windows these would be separators and drives.
  if (path.find("..\\") != std::string_view::npos || path.find("\\..") != std::string_view::npos ||
      path.front() == '\\') {
    return refuse("that leads out of its folder");
  }
  return {};
}

void append_entry(std::string& out, const store::ArtifactEntry& entry) {
  json::append_string(out, entry.path);
  out += ":{\"digest\":";
  const auto digest =
      entry.ref.empty() ? to_base64(from_hex(entry.digest).value_or("")) : entry.digest;
  json::append_string(out, digest);
  if (!entry.ref.empty()) {
    out += ",\"ref\":";
    json::append_string(out, entry.ref);
  }
  out += ",\"size\":" + std::to_string(entry.size_bytes);
  if (!entry.birth_artifact.empty()) {
    out += ",\"birthArtifactID\":";
    json::append_string(out, entry.birth_artifact);
  }
  // Its own braces are replaced by ours.
  if (entry.rest_json.size() > 2) {
    out += ',';
    out.append(entry.rest_json, 1, entry.rest_json.size() - 2);
  }
  out += '}';
}

std::string manifest_begin(std::string_view storage_policy_config_json) {
  std::string out =
      "{\"version\":1,\"storagePolicy\":\"wandb-storage-policy-v1\",\"storagePolicyConfig\":";
  out += storage_policy_config_json;
  out += ",\"contents\":{";
  return out;
}

}  // namespace runstone::artifacts
