pkg_check_modules(FFMPEG REQUIRED IMPORTED_TARGET GLOBAL libavformat libavcodec libavutil libswscale)

target_sources(gh_vision PRIVATE
  camera_config.c camera_ffmpeg.c clip_ffmpeg.c draw.c sight.c evidence_ffmpeg.c frame_ffmpeg.c jpeg_ffmpeg.c late.c live_ffmpeg.c mask.c mp4_ffmpeg.c ring_ffmpeg.c source_ffmpeg.c)
target_link_libraries(gh_vision PRIVATE PkgConfig::FFMPEG m ${CMAKE_DL_LIBS})
# its sums are written to be vectorised
set_source_files_properties(${CMAKE_CURRENT_SOURCE_DIR}/sight.c PROPERTIES COMPILE_OPTIONS "-O3;-fassociative-math;-fno-signed-zeros;-fno-trapping-math")
