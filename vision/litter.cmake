target_sources(gh_vision PRIVATE
  litter.c litter_blob.c litter_fit.c litter_front.c litter_origin.c litter_track.c litter_verdict.c
  litter_watch.c)
target_link_libraries(gh_vision PRIVATE m)
