# who may pass where and when, as the gate has it
target_sources(gh_daemon PRIVATE
  gate_access.c
  gate_access_api.c
  gate_batch.c
  gate_change.c
  gate_change_keep.c
  gate_clock.c
  gate_digest.c
  gate_guard.c)
