// Where a run is to be seen.
#include "base/encoding.h"
#include "sdk/run_state.h"

namespace runstone {
namespace {

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\'') {
      out += "&#x27;";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

constexpr const char* kShowButton =
    "<button onClick=\"this.nextSibling.style.display='block';this.style.display='none';\">"
    "Display run</button>";

}  // namespace

std::string RunState::url_of(std::string_view what) const {
  const std::string app = plan_.settings.text("app_url");
  std::string url = app.empty() ? plan_.base_url : app;
  url += "/" + percent_encode(read(&RunState::entity_)) + "/" +
         percent_encode(read(&RunState::project_));
  if (!what.empty()) url.append("/").append(what);
  return url;
}

std::optional<std::string> Run::url() const {
  if (state_->plan().mode != RunMode::kOnline) return std::nullopt;
  return state_->url_of("runs/" + percent_encode(id(), "=+&$@"));
}
std::optional<std::string> Run::project_url() const {
  if (state_->plan().mode != RunMode::kOnline) return std::nullopt;
  return state_->url_of("");
}
std::optional<std::string> Run::sweep_id() const {
  if (state_->plan().sweep_id.empty()) return std::nullopt;
  return state_->plan().sweep_id;
}
std::optional<std::string> Run::sweep_url() const {
  const auto sweep = sweep_id();
  if (state_->plan().mode != RunMode::kOnline || !sweep) return std::nullopt;
  return state_->url_of("sweeps/" + percent_encode(*sweep));
}

std::string Run::to_html(int height, bool hidden) const {
  const auto page = url();
  if (!page) {
    return "<p>Runstone run " + escape_html(path()) +
           ": it has no page, since it is not online.</p>";
  }
  const std::string style = "border:none;width:100%;height:" + std::to_string(height) + "px;" +
                            (hidden ? "display:none;" : "");
  const std::string frame =
      "<iframe src=\"" + escape_html(*page) + "?jupyter=true\" style=\"" + style + "\"></iframe>";
  return hidden ? kShowButton + frame : frame;
}

}  // namespace runstone
