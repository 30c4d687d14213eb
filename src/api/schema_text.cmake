# RUNSTONE_SCHEMA_SOURCE: schemas/runstone.graphql as a string.
set(schema_file ${PROJECT_SOURCE_DIR}/schemas/runstone.graphql)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${schema_file})
file(READ ${schema_file} RUNSTONE_SCHEMA_TEXT)
set(RUNSTONE_SCHEMA_SOURCE ${CMAKE_CURRENT_BINARY_DIR}/schema_text.cc)
configure_file(schema_text.cc.in ${RUNSTONE_SCHEMA_SOURCE} @ONLY)
