# The GraphQL part of this folder: RUNSTONE_API_GRAPHQL_SOURCES, and the schema's text as a string.
set(schema_file ${PROJECT_SOURCE_DIR}/schemas/runstone.graphql)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${schema_file})
file(READ ${schema_file} RUNSTONE_SCHEMA_TEXT)
configure_file(schema_text.cc.in ${CMAKE_CURRENT_BINARY_DIR}/schema_text.cc @ONLY)
set(RUNSTONE_API_GRAPHQL_SOURCES
  graphql_route.cc api_context.cc console_line.cc like_pattern.cc resolvers_connection.cc
  resolvers_server.cc resolvers_user.cc resolvers_project.cc resolvers_project_mutations.cc
  resolvers_run.cc resolvers_run_history.cc resolvers_run_console.cc resolvers_run_mutations.cc
  resolvers_file.cc ${CMAKE_CURRENT_BINARY_DIR}/schema_text.cc)
set(RUNSTONE_API_GRAPHQL_TESTS console_line_test.cc like_pattern_test.cc)
