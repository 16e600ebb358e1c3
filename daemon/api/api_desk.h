/* api_desk.h - alerts, cases and their export: what api_alerts.c, api_cases.c and api_export.c share. */
#ifndef GH_API_API_DESK_H
#define GH_API_API_DESK_H

#include "alert.h"
#include "api_core.h"

/** The alert of the path, or NULL and 404 is answered. Valid until the control thread goes on. */
const struct alert *api_take_alert(struct api *api, const struct http_request *request, const char *param);

/** An alert as the page shows it; @p event is its row of the log. */
json_t *api_alert_json(struct api *api, const struct alert *alert, const json_t *event);

/** The id of the case that an alert belongs to, or null: a new reference. */
json_t *api_case_of(const struct api *api, int64_t seq);

#endif
