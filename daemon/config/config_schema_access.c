/* The option table's section "access". */
#include "config_schema.h"

#include "config.h"

static const struct option_word unset_clock[] = {
	{"deny", CONFIG_UNSET_CLOCK_DENY}, {"validity", CONFIG_UNSET_CLOCK_VALIDITY}, {0}};

const struct option config_access_members[] = {
	{.key = "combine_s",
	 .kind = OPTION_UINT,
	 AT(config_access, combine_s),
	 RANGE(2, 120),
	 FALLBACK("15"),
	 .help = "Where a rule requires several credentials or two persons: the time in which the "
		 "rest must "
		 "be shown."},
	{.key = "guard_s",
	 .kind = OPTION_UINT,
	 AT(config_access, guard_s),
	 RANGE(5, 600),
	 FALLBACK("60"),
	 .help = "Where a guard must confirm: without an answer within this time it is a denial."},
	{.key = "unset_clock",
	 .kind = OPTION_WORD,
	 AT(config_access, unset_clock),
	 .words = unset_clock,
	 FALLBACK("deny"),
	 .help = "While the clock was never set, schedules let nobody in. People with a validity: "
		 "`deny` "
		 "refuses them, `validity` judges them by the clock as it stands."},
	{0}};
