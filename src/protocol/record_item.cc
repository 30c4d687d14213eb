#include "base/json.h"
#include "protocol/record.h"

namespace runstone::protocol {

Result<Value> item_value(const RecordItem& item) {
  struct ToValue {
    Result<Value> operator()(const JsonText& json) const { return json::parse(json.text); }
    Result<Value> operator()(std::nullptr_t) const { return Value(nullptr); }
    Result<Value> operator()(bool value) const { return Value(value); }
    Result<Value> operator()(std::int64_t value) const { return Value(value); }
    Result<Value> operator()(double value) const { return Value(value); }
    Result<Value> operator()(const std::string& value) const { return Value(value); }
  };
  return std::visit(ToValue{}, item.value);
}

void append_item_json(std::string& out, const RecordItem& item) {
  struct ToJson {
    std::string& out;
    void operator()(const JsonText& json) const { out += json.text; }
    void operator()(std::nullptr_t) const { out += "null"; }
    void operator()(bool value) const { out += value ? "true" : "false"; }
    void operator()(std::int64_t value) const { json::append_int(out, value); }
    void operator()(double value) const { json::append_double(out, value); }
    void operator()(const std::string& value) const { json::append_string(out, value); }
  };
  std::visit(ToJson{out}, item.value);
}

}  // namespace runstone::protocol
