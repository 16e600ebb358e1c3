# the log, the roster and their keys; GLOBAL so that programs linking gh_daemon find the libraries
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET GLOBAL sqlite3)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET GLOBAL libsodium)
foreach(source event db_sqlite audit audit_export backup copies store store_append store_write store_apply store_schema
    store_roster store_record store_report store_search store_steps store_query
    store_carry store_copy store_salvage store_leftovers store_drop)
  target_sources(gh_daemon PRIVATE ${CMAKE_CURRENT_LIST_DIR}/${source}.c)
endforeach()
target_link_libraries(gh_daemon PRIVATE PkgConfig::SQLITE PkgConfig::SODIUM)
