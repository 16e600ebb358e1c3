# gatectl carries the auditor's code, so that it can judge a log without the daemon; what it does not use of the
# gate's libraries stays out of the program
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
add_executable(gatectl gatectl.c gatectl_access.c gatectl_client.c gatectl_config.c gatectl_evidence.c gatectl_explain.c
  gatectl_face.c gatectl_gate.c gatectl_keep.c gatectl_log.c gatectl_mqtt.c gatectl_print.c gatectl_upgrade.c gatectl_user.c)
target_link_options(gatectl PRIVATE -Wl,--as-needed)
target_link_libraries(gatectl PRIVATE gh_daemon gh_base PkgConfig::CURL PkgConfig::JANSSON PkgConfig::SODIUM)
