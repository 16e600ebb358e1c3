gh_unit_test(http ROOMS daemon base SOURCES ${CMAKE_CURRENT_LIST_DIR}/http_client.c)
foreach(part api api_alerts api_log api_session api_stream)
  gh_unit_test(${part} ROOMS daemon vision base SOURCES ${CMAKE_CURRENT_LIST_DIR}/http_client.c
    ${CMAKE_CURRENT_LIST_DIR}/api_rig.c)
endforeach()
gh_unit_test(api_video ROOMS daemon vision base SOURCES ${CMAKE_CURRENT_LIST_DIR}/http_client.c
  ${CMAKE_CURRENT_LIST_DIR}/api_rig.c ${CMAKE_CURRENT_LIST_DIR}/video_make.c LIBS PkgConfig::FFMPEG)
gh_unit_test(session ROOMS daemon base)
gh_unit_test(alert ROOMS daemon base)
gh_unit_test(api_csv ROOMS daemon base)
