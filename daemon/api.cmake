pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(NETTLE REQUIRED IMPORTED_TARGET nettle)
pkg_check_modules(ZIP REQUIRED IMPORTED_TARGET libzip)
target_sources(gh_daemon PRIVATE
  alert.c
  api.c
  api_alerts.c
  api_board.c
  api_cases.c
  api_copy.c
  api_csv.c
  api_etag.c
  api_export.c
  api_files.c
  api_gate.c
  api_keep.c
  api_live.c
  api_log.c
  api_metrics.c
  api_parse.c
  api_people.c
  api_erasure.c
  api_routes.c
  api_session.c
  api_stream.c
  api_token.c
  api_users.c
  api_video.c
  bundle_zip.c
  session.c
  totp.c
  user.c)
target_link_libraries(gh_daemon PRIVATE PkgConfig::NETTLE PkgConfig::ZIP)
target_link_libraries(gh_daemon PUBLIC PkgConfig::JANSSON PRIVATE PkgConfig::SODIUM)

# gatectl carries the auditor's code, so that it can judge a log without the daemon; what it does not use of the
# gate's libraries stays out of the program
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
add_executable(gatectl gatectl.c gatectl_access.c gatectl_client.c gatectl_config.c gatectl_evidence.c gatectl_explain.c
  gatectl_face.c gatectl_gate.c gatectl_keep.c gatectl_log.c gatectl_mqtt.c gatectl_print.c gatectl_upgrade.c gatectl_user.c)
target_link_options(gatectl PRIVATE -Wl,--as-needed)
target_link_libraries(gatectl PRIVATE gh_daemon gh_base PkgConfig::CURL PkgConfig::JANSSON PkgConfig::SODIUM)
