#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace runstone::artifact {

// As much of XML as the answers of object stores are made of: elements without namespaces, of which
// those asked for have no attributes and do not contain themselves.

/// The text of the first <tag>, its entities decoded; empty if there is none.
std::string xml_text(std::string_view xml, const std::string& tag);
/// What is inside each <tag>, in order, as it stands.
std::vector<std::string_view> xml_elements(std::string_view xml, const std::string& tag);

}  // namespace runstone::artifact
