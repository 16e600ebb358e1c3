gh_unit_test(http ROOMS http base SOURCES ${CMAKE_CURRENT_LIST_DIR}/http_client.c)
foreach(part api api_alerts api_log api_session api_stream)
  gh_unit_test(${part} ROOMS api vision/camera base SOURCES ${CMAKE_CURRENT_LIST_DIR}/http_client.c
    ${CMAKE_CURRENT_LIST_DIR}/api_rig.c ${CMAKE_CURRENT_LIST_DIR}/api_rig_gate.c)
endforeach()
gh_unit_test(api_video ROOMS api vision/camera base SOURCES ${CMAKE_CURRENT_LIST_DIR}/http_client.c
  ${CMAKE_CURRENT_LIST_DIR}/api_rig.c ${CMAKE_CURRENT_LIST_DIR}/api_rig_gate.c ${CMAKE_CURRENT_LIST_DIR}/video_make.c
  LIBS PkgConfig::FFMPEG)
gh_unit_test(session ROOMS api base)
gh_unit_test(alert ROOMS api base)
gh_unit_test(api_csv ROOMS api base)
