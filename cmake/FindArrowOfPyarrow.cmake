# Target runstone_arrow: Arrow and Parquet of the system if CMake finds them, else of the pyarrow wheel.
find_package(Arrow CONFIG QUIET)
find_package(Parquet CONFIG QUIET)
if(Arrow_FOUND AND Parquet_FOUND)
  add_library(runstone_arrow INTERFACE)
  target_link_libraries(runstone_arrow INTERFACE Arrow::arrow_shared Parquet::parquet_shared)
  return()
endif()

execute_process(
  COMMAND ${Python_EXECUTABLE} -c
          "import pyarrow,os;print(pyarrow.get_include());print(os.path.dirname(pyarrow.__file__));print(pyarrow.__version__)"
  OUTPUT_VARIABLE pyarrow_facts RESULT_VARIABLE pyarrow_missing OUTPUT_STRIP_TRAILING_WHITESPACE)
if(pyarrow_missing)
  message(FATAL_ERROR "Arrow C++ was not found, and ${Python_EXECUTABLE} has no pyarrow. "
                      "Run 'make setup', or install pyarrow into that interpreter.")
endif()
string(REPLACE "\n" ";" pyarrow_facts "${pyarrow_facts}")
list(GET pyarrow_facts 0 pyarrow_include)
list(GET pyarrow_facts 1 pyarrow_dir)
list(GET pyarrow_facts 2 pyarrow_version)
file(GLOB arrow_so "${pyarrow_dir}/libarrow.so.*")
file(GLOB parquet_so "${pyarrow_dir}/libparquet.so.*")
message(STATUS "Arrow: from pyarrow ${pyarrow_version}")

add_library(runstone_arrow INTERFACE)
target_include_directories(runstone_arrow SYSTEM INTERFACE ${pyarrow_include})
target_link_libraries(runstone_arrow INTERFACE ${parquet_so} ${arrow_so})
# An executable beside the package finds the wheel's libraries, too: see python/runstone/_server.py.
target_link_options(runstone_arrow INTERFACE "-Wl,-rpath,${pyarrow_dir}")
# The wheel's libparquet exports a simdjson of another version. Named first, the system's library is
# the one that our calls are bound to; with the other order they crash.
target_link_options(runstone_arrow INTERFACE "$<TARGET_FILE:simdjson::simdjson>")
