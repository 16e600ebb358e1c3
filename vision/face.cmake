# Debian's narrow OpenCV packages bring neither OpenCVConfig.cmake nor opencv4.pc
find_path(OPENCV_INCLUDE_DIR opencv2/dnn.hpp PATH_SUFFIXES opencv4 REQUIRED)
# of imgcodecs only the header is used here: late.h says why
foreach(part core imgproc dnn)
  find_library(OPENCV_${part} opencv_${part} REQUIRED)
  list(APPEND OPENCV_PARTS ${OPENCV_${part}})
endforeach()
pkg_check_modules(AVUTIL REQUIRED IMPORTED_TARGET libavutil)

target_sources(gh_vision PRIVATE
  digest_ffmpeg.c face_ageing.c face_align.c face_blink.c face_boxes.c face_cover.c face_cover_table.c face_enrol.c face_look.c face_models.c face_raster.c
  face_motion.c face_nets.cpp
  face_opencv.cpp face_photo.c face_prompt.c face_quality.c face_still.c face_track.c face_upright.c
  face_watch.c match.c match_scan.c net.c net_conv.c site.c tail.c threshold.c)
set_source_files_properties(${CMAKE_CURRENT_SOURCE_DIR}/match_scan.c ${CMAKE_CURRENT_SOURCE_DIR}/net_conv.c PROPERTIES
  COMPILE_OPTIONS "-O3")
if(GH_SANITIZE STREQUAL "thread") # its sums would be watched one by one, which makes a second of a net's milliseconds
  set_property(SOURCE ${CMAKE_CURRENT_SOURCE_DIR}/net_conv.c APPEND PROPERTY COMPILE_OPTIONS -fno-sanitize=thread)
endif()
set_source_files_properties(${CMAKE_CURRENT_SOURCE_DIR}/face_nets.cpp ${CMAKE_CURRENT_SOURCE_DIR}/face_opencv.cpp PROPERTIES
  COMPILE_OPTIONS "-isystem${OPENCV_INCLUDE_DIR}")
target_link_libraries(gh_vision PRIVATE ${OPENCV_PARTS} PkgConfig::AVUTIL m)
