# who may pass where and when, and visitors' passes
pkg_check_modules(QRENCODE REQUIRED IMPORTED_TARGET GLOBAL libqrencode)
target_sources(gh_daemon PRIVATE
  roster_parse.c
  roster_book.c
  roster_credential.c
  pass.c
  pass_image_qrencode.c
  gate_access.c
  gate_access_api.c
  gate_batch.c
  gate_change.c
  gate_change_keep.c
  gate_clock.c
  gate_digest.c
  gate_guard.c
  api_access.c)
target_link_libraries(gh_daemon PRIVATE PkgConfig::QRENCODE)
