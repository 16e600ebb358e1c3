#include "access_directory.h"

#include <assert.h>

#include "base/thread_role.h"

int access_directory_open(const char *const *doors, size_t door_count,
			  struct access_directory *directory)
{
	int r;

	assert_thread(THREAD_CONTROL);
	assert(directory != NULL && door_count <= POLICY_DOORS_MAX);
	*directory = (struct access_directory){0};
	r = roster_open(&directory->people);
	if (r == 0)
		r = access_rules_open(doors, door_count, &directory->rules);
	if (r == 0)
		r = roster_credentials_open(&directory->credentials);
	return r;
}

void access_directory_close(struct access_directory *directory)
{
	assert_thread(THREAD_CONTROL);
	roster_close(directory->people);
	roster_credentials_close(directory->credentials);
	access_rules_close(directory->rules);
	crypto_wipe(&directory->pass_signer, sizeof(directory->pass_signer));
	*directory = (struct access_directory){0};
}
