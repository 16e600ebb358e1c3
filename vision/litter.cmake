target_sources(gh_vision PRIVATE
  litter.c litter_blob.c litter_cut.c litter_fit.c litter_front.c litter_measure.c litter_origin.c litter_table.c litter_track.c litter_pair.c litter_verdict.c litter_weigh.c
  litter_evidence.c litter_past.c litter_watch.c)
target_link_libraries(gh_vision PRIVATE m)
# its row loops are written to be vectorised, which GCC does in full from -O3 on
set_source_files_properties(${CMAKE_CURRENT_SOURCE_DIR}/litter_front.c PROPERTIES COMPILE_OPTIONS "-O3")
