#include "reply.h"

void reply_send(const struct reply *reply, int r, const char *problem, json_t *result)
{
	if (reply->answer != NULL)
		reply->answer(reply, r, problem, result);
	else
		json_decref(result);
}
