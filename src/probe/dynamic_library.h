#pragma once

#include <string>

namespace runstone::probe {

/// A library that is on some machines only, loaded by name. Never unloaded: drivers keep threads
/// and exit handlers of their own.
class DynamicLibrary {
 public:
  explicit DynamicLibrary(const std::string& name);
  bool loaded() const { return handle_ != nullptr; }
  /// nullptr if this version of the library has no such function.
  template <typename Function>
  Function* find(const char* name) const {
    return reinterpret_cast<Function*>(symbol(name));
  }

 private:
  void* symbol(const char* name) const;
  void* handle_;
};

}  // namespace runstone::probe
