gh_unit_test(journal ROOMS gate_shared)
gh_unit_test(timers ROOMS gate_shared)
gh_unit_test(attempt ROOMS gate/entry)
# the store in memory stands before the real one: what it defines is not looked for there
gh_unit_test(entry ROOMS gate/entry SOURCES unit/fake_store.c)
gh_unit_test(evidence_part ROOMS gate/evidence SOURCES unit/fake_store.c)
gh_unit_test(doors ROOMS gate/doors SOURCES unit/fake_store.c)
gh_unit_test(people ROOMS gate/people SOURCES unit/fake_store.c)
gh_unit_test(property ROOMS gate/property SOURCES unit/fake_store.c unit/fake_link.c)
