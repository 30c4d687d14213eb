# runstone_library(<name> SOURCES ... [DEPS our folders ...] [LIBS other targets ...] [TESTS ...]
#                  [TEST_DEPS ...] [TEST_LIBS ...])
# One static library per folder of src/, and one test executable beside it. The layers between the
# folders are checked by tools/check_layers.py, from the include lines.
set(RUNSTONE_TEST_DIR "${CMAKE_BINARY_DIR}/tests/unit")

function(runstone_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LIBS;TESTS;TEST_DEPS;TEST_LIBS" ${ARGN})
  if(ARG_SOURCES)
    add_library(runstone_${name} STATIC ${ARG_SOURCES})
    set(scope PUBLIC)
  else()
    add_library(runstone_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(runstone_${name} ${scope} ${PROJECT_SOURCE_DIR}/src
                             ${PROJECT_SOURCE_DIR}/include)
  foreach(dep ${ARG_DEPS})
    target_link_libraries(runstone_${name} ${scope} runstone_${dep})
  endforeach()
  target_link_libraries(runstone_${name} ${scope} ${ARG_LIBS})
  if(RUNSTONE_TESTS AND ARG_TESTS)
    add_executable(${name}_test ${ARG_TESTS})
    target_link_libraries(${name}_test PRIVATE runstone_${name} GTest::gmock_main)
    foreach(dep ${ARG_TEST_DEPS})
      target_link_libraries(${name}_test PRIVATE runstone_${dep})
    endforeach()
    target_link_libraries(${name}_test PRIVATE ${ARG_TEST_LIBS})
    set_property(GLOBAL APPEND PROPERTY RUNSTONE_UNIT_TESTS ${name}_test)
    set_target_properties(${name}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${RUNSTONE_TEST_DIR})
  endif()
endfunction()

# Call once, last: lists the test executables for tools/run_tests.py.
function(runstone_list_unit_tests)
  get_property(names GLOBAL PROPERTY RUNSTONE_UNIT_TESTS)
  list(JOIN names "\n" text)
  file(WRITE "${CMAKE_BINARY_DIR}/unit_tests.txt" "${text}\n")
endfunction()
