#include "artifact/stores/xml.h"

#include <charconv>
#include <cstdint>

namespace runstone::artifact {
namespace {

void append_utf8(std::string& out, std::uint32_t code) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | (code >> 12));
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xf0 | ((code >> 18) & 7));
    tail(12), tail(6), tail(0);
  }
}

/// Appends what an entity (between & and ;) means; false if it is none.
bool append_entity(std::string& out, std::string_view name) {
  if (name.size() > 1 && name[0] == '#') {
    const bool is_hex = name[1] == 'x' || name[1] == 'X';
    const std::string_view digits = name.substr(is_hex ? 2 : 1);
    std::uint32_t code = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), code, is_hex ? 16 : 10);
    if (error != std::errc() || end != digits.data() + digits.size() || code > 0x10ffff ||
        (code >= 0xd800 && code < 0xe000)) {
      return false;
    }
    append_utf8(out, code);
    return true;
  }
  for (const auto& [entity, character] :
       {std::pair{"quot", '"'}, {"apos", '\''}, {"lt", '<'}, {"gt", '>'}, {"amp", '&'}}) {
    if (name != entity) continue;
    out += character;
    return true;
  }
  return false;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto end = text[at] == '&' ? text.find(';', at) : std::string_view::npos;
    if (end != std::string_view::npos && append_entity(out, text.substr(at + 1, end - at - 1))) {
      at = end;
    } else {
      out += text[at];
    }
  }
  return out;
}

}  // namespace

std::vector<std::string_view> xml_elements(std::string_view xml, const std::string& tag) {
  const std::string open = "<" + tag + ">", close = "</" + tag + ">";
  std::vector<std::string_view> elements;
  for (std::size_t at = xml.find(open); at != std::string_view::npos; at = xml.find(open, at)) {
    at += open.size();
    const auto end = xml.find(close, at);
    if (end == std::string_view::npos) break;
    elements.push_back(xml.substr(at, end - at));
    at = end + close.size();
  }
  return elements;
}

std::string xml_text(std::string_view xml, const std::string& tag) {
  const std::string open = "<" + tag + ">";
  const auto from = xml.find(open);
  if (from == std::string_view::npos) return "";
  const auto to = xml.find("</" + tag + ">", from);
  if (to == std::string_view::npos) return "";
  return decoded(xml.substr(from + open.size(), to - from - open.size()));
}

}  // namespace runstone::artifact
