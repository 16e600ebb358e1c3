/* The readers, and the hand at a simulated one that swipes a card or types a PIN. */
#include "api_core.h"

#include <errno.h>
#include <string.h>

#include "config/config.h"

void api_get_readers(struct api *api, const struct http_request *request, const char *param)
{
	json_t *readers = api->ops->readers(api->gate);

	(void)param;
	if (readers == NULL)
		api_bad(api, request, 500, "the readers could not be read");
	else
		api_respond_json(api, request->token, 200, json_pack("{s:o}", "readers", readers));
}

static void answer_reader(struct api *api, const struct http_request *request, const char *key, int r)
{
	switch (r) {
	case 0:
		api_respond_json(api, request->token, 204, NULL);
		break;
	case -ENOENT:
		api_bad(api, request, 404, "there is no such reader");
		break;
	case -ENOTSUP:
		api_bad(api, request, 409, "this board is real: only a simulated one can be driven");
		break;
	case -EPERM:
		api_bad(api, request, 409, "this reader has no keypad");
		break;
	case -EIO:
		api_bad(api, request, 409, "this reader is at fault: it sends nothing");
		break;
	case -EINVAL:
		api_bad(api, request, 400, "%s: expected %s", key,
			strcmp(key, "code") == 0 ? "the decimal number of a card" : "0 to 9, * and #");
		break;
	case -ERANGE:
		api_bad(api, request, 400, "%s: no card of this reader's format has such a number", key);
		break;
	default:
		api_bad(api, request, 500, "the reader could not be driven");
	}
}

static bool text_is_fit(const char *text)
{
	for (const char *at = text; *at != '\0'; at++)
		if (*at < ' ' || *at > '~' || at - text >= API_READING_BYTES_MAX)
			return false;
	return true;
}

/* One text under @p key to one op. */
static void post_reader(struct api *api, const struct http_request *request, const char *reader,
			const char *key, int (*op)(void *gate, const char *reader, const char *text))
{
	const char *const known[] = {key, NULL};
	json_t *object = api_take_object(api, request, known);
	const char *text = json_string_value(json_object_get(object, key));

	if (object == NULL)
		return;
	if (!config_name_is_valid(reader))
		api_bad(api, request, 404, "there is no such reader");
	else if (text == NULL || text[0] == '\0' || !text_is_fit(text))
		api_bad(api, request, 400, "%s: expected 1 to %d printable characters", key,
			API_READING_BYTES_MAX);
	else
		answer_reader(api, request, key, op(api->gate, reader, text));
	json_decref(object);
}

void api_post_swipe(struct api *api, const struct http_request *request, const char *reader)
{
	post_reader(api, request, reader, "code", api->ops->board_swipe);
}

void api_post_type(struct api *api, const struct http_request *request, const char *reader)
{
	post_reader(api, request, reader, "keys", api->ops->board_type);
}
