#include "access_directory.h"

int access_directory_open(const char *const *doors, size_t door_count,
			  struct access_directory *directory)
{
	int r;

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
	roster_close(directory->people);
	roster_credentials_close(directory->credentials);
	access_rules_close(directory->rules);
	crypto_wipe(&directory->pass_signer, sizeof(directory->pass_signer));
	*directory = (struct access_directory){0};
}
