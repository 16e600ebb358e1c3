# the gate itself, and the program around it
pkg_check_modules(LIBSYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
target_sources(gh_daemon PRIVATE
  gate.c
  gate_record.c
  gate_doors.c
  gate_inputs.c
  gate_modes.c
  gate_sounds.c
  gate_board.c
  gate_entry.c
  gate_credential.c
  gate_readers.c
  gate_watchdog.c
  gate_reader_read.c
  gate_vision.c
  gate_faces.c
  gate_enrol.c
  gate_ageing.c
  gate_consent.c
  gate_reenrol.c
  gate_threshold.c
  gate_stills.c
  gate_measure.c
  gate_throws.c
  gate_sight.c
  gate_retention.c
  gate_log_age.c
  retention.c
  gate_link.c
  gate_outbox.c
  gate_commands.c
  gate_command_door.c
  gate_command_roster.c
  gate_openings.c
  gate_discovery.c
  gate_api.c gate_log.c
  gate_people.c gate_person_faces.c)
target_link_libraries(gh_daemon PUBLIC gh_hw gh_vision gh_mqtt PkgConfig::LIBSYSTEMD m)

add_executable(gatehoused main.c)
target_link_libraries(gatehoused PRIVATE gh_daemon)
