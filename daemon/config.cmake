pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
target_sources(gh_daemon PRIVATE config_check.c config_fill.c config_help.c config_schema.c config_schema_mqtt.c config_schema_access.c config_tree.c listen_address.c)
target_link_libraries(gh_daemon PRIVATE PkgConfig::YAML PkgConfig::SODIUM m)
