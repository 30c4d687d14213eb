# cmake --install: the C++ SDK, for find_package(runstone). One shared library holds all our static
# parts; it exports the public classes only, so its own dependencies never clash with a program's.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

file(WRITE ${CMAKE_BINARY_DIR}/librunstone.map [[
{
  global:
    extern "C++" {
      runstone::Run::*;
      runstone::Row::*;
      runstone::Config::*;
      runstone::Summary::*;
      runstone::Settings::*;
      runstone::Dict::*;
      runstone::Value::*;
      runstone::append_escaped_label*;
      runstone::operator*;
      runstone::same_value*;
      runstone::settings_from_environment*;
      runstone::settings_from_file*;
      runstone::to_string*;
    };
  local: *;
};
]])
# The rest is in the static parts; these two nothing in the SDK itself asks for.
file(WRITE ${CMAKE_BINARY_DIR}/librunstone.cc [[
#include "runstone/error.h"
#include "runstone/value.h"
namespace runstone {
const char* (*const librunstone_to_string)(ErrorCode) noexcept = &to_string;
bool (*const librunstone_same_value)(const Value&, const Value&) = &same_value;
}  // namespace runstone
]])
add_library(runstone_shared SHARED ${CMAKE_BINARY_DIR}/librunstone.cc)
set_target_properties(runstone_shared PROPERTIES
  OUTPUT_NAME runstone EXPORT_NAME runstone VERSION ${PROJECT_VERSION} SOVERSION 0)
target_link_libraries(runstone_shared PRIVATE "$<LINK_LIBRARY:WHOLE_ARCHIVE,runstone_sdk>")
# Never unloaded: the thread that reads the machine may outlive the last run by a moment.
target_link_options(runstone_shared PRIVATE
  "LINKER:--version-script=${CMAKE_BINARY_DIR}/librunstone.map" LINKER:-z,nodelete)
target_include_directories(runstone_shared INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(runstone_shared INTERFACE cxx_std_17)

install(TARGETS runstone_shared EXPORT runstone COMPONENT sdk
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/runstone COMPONENT sdk
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(EXPORT runstone NAMESPACE runstone:: FILE runstone-config.cmake COMPONENT sdk
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/runstone)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/runstone-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/runstone-config-version.cmake COMPONENT sdk
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/runstone)
