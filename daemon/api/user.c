#include "user.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/unconst.h"

static const char *const roles[] = {
	[USER_GUARD] = "guard", [USER_MANAGER] = "manager", [USER_ADMIN] = "admin"};

bool user_name_is_valid(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-");

	return length > 0 && length < USER_NAME_BYTES && name[length] == '\0';
}

const char *user_role_name(enum user_role role)
{
	assert(role <= USER_ADMIN);
	return roles[role];
}

int user_role_parse(const char *name, enum user_role *ret_role)
{
	for (size_t i = 0; name != NULL && i < sizeof(roles) / sizeof(roles[0]); i++)
		if (strcmp(roles[i], name) == 0) {
			*ret_role = (enum user_role)i;
			return 0;
		}
	return -EINVAL;
}

struct user *user_find(struct users *users, const char *name)
{
	for (size_t i = 0; name[0] != '\0' && i < USERS_MAX; i++)
		if (strcmp(users->all[i].name, name) == 0)
			return &users->all[i];
	return NULL;
}

int user_put(struct users *users, const struct user *user)
{
	struct user *slot = user_find(users, user->name);

	assert(user_name_is_valid(user->name));
	for (size_t i = 0; slot == NULL && i < USERS_MAX; i++)
		if (users->all[i].name[0] == '\0')
			slot = &users->all[i];
	if (slot == NULL)
		return -ENOSPC;
	*slot = *user;
	return 0;
}

json_t *user_json(const struct user *user)
{
	return json_pack("{s:i, s:s, s:b, s:s, s:s, s:I, s:I}", "v", 1, "role", roles[user->role],
			 "disabled", user->disabled, "hash", user->hash, "totp", user->totp,
			 "totp_step", (json_int_t)user->totp_step, "created",
			 (json_int_t)user->created_unix_ms);
}

int user_parse(const char *name, const json_t *json, struct user *ret_user)
{
	const char *role = NULL, *hash = NULL, *totp = "";
	json_int_t step = 0, created = 0;
	struct user user = {0};
	int disabled = 0;

	if (json_unpack(unconst(json), "{s:s, s:b, s:s, s?s, s?I, s?I}", "role", &role, "disabled",
			&disabled, "hash", &hash, "totp", &totp, "totp_step", &step, "created",
			&created) < 0 ||
	    !user_name_is_valid(name) || user_role_parse(role, &user.role) < 0 ||
	    strlen(hash) >= sizeof(user.hash) || strlen(totp) >= sizeof(user.totp))
		return -EBADMSG;
	strcpy(user.name, name);
	strcpy(user.hash, hash);
	strcpy(user.totp, totp);
	user.disabled = disabled != 0;
	user.totp_step = (uint64_t)step;
	user.created_unix_ms = created;
	*ret_user = user;
	return 0;
}

json_t *user_public_json(const struct user *user)
{
	return json_pack("{s:s, s:s, s:b, s:b, s:o}", "user", user->name, "role", roles[user->role],
			 "disabled", user->disabled, "totp", user->totp[0] != '\0', "created",
			 json_utc(user->created_unix_ms));
}
