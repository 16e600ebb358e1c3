# the config is a library of its own: gatehouse-safe reads it without the rest of the daemon
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
add_library(gh_config STATIC board_lines.c door_book.c config_keep.c config_check.c config_check_doors.c config_check_reader.c config_fill.c config_help.c config_schema.c config_schema_doors.c config_schema_face.c config_schema_mqtt.c config_schema_access.c config_schema_reader.c config_tree.c config_upgrade.c camera_login.c listen_address.c)
target_include_directories(gh_config PUBLIC ${CMAKE_BINARY_DIR}/rooms/daemon)
target_link_libraries(gh_config PUBLIC gh_base gh_hw gh_access PRIVATE PkgConfig::YAML PkgConfig::SODIUM m)
target_link_libraries(gh_daemon PUBLIC gh_config)

add_executable(gatehouse-safe gatehouse_safe.c)
target_link_options(gatehouse-safe PRIVATE -Wl,--as-needed)
target_link_libraries(gatehouse-safe PRIVATE gh_config gh_hw gh_base)
