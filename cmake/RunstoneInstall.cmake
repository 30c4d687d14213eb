# make install: the C++ SDK, for find_package(runstone). Filled in by the sdk's owner.
