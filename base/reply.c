#include "reply.h"

#include "thread_role.h"

void reply_send(const struct reply *reply, int r, const struct problem *problem, json_t *result)
{
	struct problem failed;

	assert_thread(THREAD_CONTROL);
	if (reply->answer == NULL) {
		json_decref(result);
		return;
	}
	if (r < 0 && (problem == NULL || problem->code == PROBLEM_NONE)) {
		problem_failed(&failed, r);
		problem = &failed;
	}
	reply->answer(reply, r, problem, result);
}

void reply_refuse(const struct reply *reply, int r, const struct problem *problem)
{
	reply_send(reply, r, problem, NULL);
}
