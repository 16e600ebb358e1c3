gh_unit_test(camera ROOMS vision base SOURCES ${CMAKE_CURRENT_LIST_DIR}/video_make.c LIBS PkgConfig::FFMPEG LABELS handover)
gh_unit_test(ring ROOMS vision base LIBS PkgConfig::FFMPEG LABELS handover)
gh_unit_test(evidence ROOMS vision base SOURCES ${CMAKE_CURRENT_LIST_DIR}/video_make.c LIBS PkgConfig::FFMPEG)
