#include "media/html.h"

#include <cctype>

namespace runstone::media {
namespace {

// Whole, not a link: a page of a run asks no other host for anything.
constexpr std::string_view kHead =
    "<base target=\"_blank\"><style>html{font-family:sans-serif;line-height:1.15}"
    "body{margin:0}img{border-style:none}table{border-collapse:collapse}"
    "code,kbd,pre,samp{font-family:monospace,monospace;font-size:1em}</style>";

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string with_injected_head(std::string_view page) {
  std::string out;
  out.reserve(page.size() + kHead.size() + 16);
  const auto put = [&](std::size_t at, std::string_view before, std::string_view after) {
    out.append(page.substr(0, at))
        .append(before)
        .append(kHead)
        .append(after)
        .append(page.substr(at));
    return std::string(trimmed(out));
  };
  if (const auto head = page.find("<head>"); head != std::string_view::npos)
    return put(head + 6, "", "");
  if (const auto html = page.find("<html>"); html != std::string_view::npos) {
    return put(html + 6, "<head>", "</head>");
  }
  return put(0, "", "");
}

}  // namespace runstone::media
