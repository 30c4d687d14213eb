#include "artifact/stores/object_store.h"

#include <algorithm>

#include "artifact/stores/azure_request.h"

namespace runstone::artifact {

const ObjectStore* store_of(const std::string& uri) {
  if (uri.rfind("s3://", 0) == 0) return &s3_store();
  if (uri.rfind("gs://", 0) == 0) return &gcs_store();
  if (is_azure_address(uri)) return &azure_store();
  return nullptr;
}

ObjectAddress parse_address(const std::string& uri) {
  ObjectAddress address;
  std::string rest = uri.substr(uri.find("://") + 3);
  if (const auto hash = rest.find('#'); hash != std::string::npos) {
    address.fragment = rest.substr(hash + 1);
    rest.resize(hash);
  }
  if (const auto mark = rest.find('?'); mark != std::string::npos) {
    address.query = rest.substr(mark + 1);
    rest.resize(mark);
  }
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  address.bucket = rest.substr(0, slash);
  if (slash < rest.size()) address.key = rest.substr(slash + 1);
  return address;
}

}  // namespace runstone::artifact
