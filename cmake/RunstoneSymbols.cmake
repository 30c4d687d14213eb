# runstone_write_symbol_map(<file>): the linker's list of what librunstone.so exports, read from the
# public headers: every class and function that they declare, and nothing else, so that the library's
# own dependencies never clash with a program's. The headers are formatted by clang-format; what is
# at the margin is in a namespace. tests/install/test_symbols.py links a program with all of it.
function(runstone_write_symbol_map file)
  file(GLOB headers ${PROJECT_SOURCE_DIR}/include/runstone/*.h)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
               ${PROJECT_SOURCE_DIR}/include/runstone ${headers})
  set(symbols "runstone::operator*")  # friends of the classes, inside of them
  foreach(header ${headers})
    file(STRINGS ${header} lines REGEX "^[A-Za-z}]")
    set(scope "runstone")
    set(lines_inside 0)
    foreach(line IN LISTS lines)
      if(line MATCHES "^namespace (runstone[A-Za-z0-9_:]*) {")
        set(scope ${CMAKE_MATCH_1})
      elseif(line MATCHES "^namespace ([a-z_]+) {$")
        set(scope "runstone::${CMAKE_MATCH_1}")
        set(lines_inside -1)
      elseif(line MATCHES "^}  // namespace" OR (line STREQUAL "}" AND lines_inside EQUAL 1))
        set(scope "runstone")  # one of a single line is closed without a comment
      elseif(line MATCHES "^(class|struct) (\\[\\[nodiscard\\]\\] )?([A-Za-z0-9_]+)[^;]*$")
        list(APPEND symbols "${scope}::${CMAKE_MATCH_3}::*")
      elseif(line MATCHES "^[^(=]*[ *&]([a-z0-9_]+)\\(")
        list(APPEND symbols "${scope}::${CMAKE_MATCH_1}*")
      endif()
      math(EXPR lines_inside "${lines_inside} + 1")
    endforeach()
  endforeach()
  list(REMOVE_DUPLICATES symbols)
  list(SORT symbols)
  list(JOIN symbols ";\n      " text)
  set(map "{\n  global:\n    runstone_*;\n    extern \"C++\" {\n      ${text};\n    };\n  local: *;\n};\n")
  file(CONFIGURE OUTPUT ${file} CONTENT "@map@" @ONLY)  # leaves an equal file's time as it is
endfunction()
