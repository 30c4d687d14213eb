# cmake --install: the SDK for C++ and C, for find_package(runstone) and pkg-config. One shared library
# holds all our static parts and exports what the public headers declare.
include(RunstoneSymbols)
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# The folders that define what the public headers declare; nothing in the SDK need ask for all of it.
set(runstone_public_parts base media artifact sdk capi)
if(TARGET runstone_public_api)
  list(APPEND runstone_public_parts public_api)
endif()
list(TRANSFORM runstone_public_parts PREPEND runstone_)
list(JOIN runstone_public_parts "," runstone_whole)

runstone_write_symbol_map(${CMAKE_BINARY_DIR}/librunstone.map)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/librunstone.cc CONTENT "// All code is in the static parts.\n")
add_library(runstone_shared SHARED ${CMAKE_BINARY_DIR}/librunstone.cc)
set_target_properties(runstone_shared PROPERTIES
  OUTPUT_NAME runstone EXPORT_NAME runstone VERSION ${PROJECT_VERSION} SOVERSION 0
  LINK_DEPENDS ${CMAKE_BINARY_DIR}/librunstone.map
  LINK_LIBRARY_OVERRIDE "WHOLE_ARCHIVE,${runstone_whole}")
target_link_libraries(runstone_shared PRIVATE ${runstone_public_parts})
# Never unloaded: threads of runs, and the one that reads the machine, may outlive the last handle.
target_link_options(runstone_shared PRIVATE
  "LINKER:--version-script=${CMAKE_BINARY_DIR}/librunstone.map" "LINKER:-z,nodelete")
target_include_directories(runstone_shared INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(runstone_shared INTERFACE cxx_std_17)

install(TARGETS runstone_shared EXPORT runstone COMPONENT sdk
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/runstone COMPONENT sdk
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES ${PROJECT_SOURCE_DIR}/include/runstone.h COMPONENT sdk
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT runstone NAMESPACE runstone:: FILE runstone-config.cmake COMPONENT sdk
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/runstone)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/runstone-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/runstone-config-version.cmake COMPONENT sdk
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/runstone)

# The prefix is found from where the file lies, so that an installed tree can be moved.
file(RELATIVE_PATH runstone_prefix /x/${CMAKE_INSTALL_LIBDIR}/pkgconfig /x)
string(REGEX REPLACE "/$" "" runstone_prefix ${runstone_prefix})
configure_file(${PROJECT_SOURCE_DIR}/cmake/runstone.pc.in ${CMAKE_BINARY_DIR}/runstone.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/runstone.pc COMPONENT sdk
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
