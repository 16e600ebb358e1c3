pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
target_sources(gh_daemon PRIVATE api.c api_files.c api_parse.c api_routes.c api_stream.c api_token.c
  http_listen.c http_mhd.c http_range.c)
target_link_libraries(gh_daemon PUBLIC PkgConfig::JANSSON PRIVATE PkgConfig::MICROHTTPD PkgConfig::SODIUM)
