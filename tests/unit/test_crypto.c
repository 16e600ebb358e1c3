#include "unit.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/crypto.h"

static char directory[] = "/tmp/gh-crypto-XXXXXX";
static char path[64];

static void hash_is_blake2b_256(void **state)
{
	/* printf abc | b2sum -l 256 */
	static const uint8_t expected[] = {0xbd, 0xdd, 0x81, 0x3c, 0x63, 0x42, 0x39, 0x72,
					   0x31, 0x71, 0xef, 0x3f, 0xee, 0x98, 0x57, 0x9b,
					   0x94, 0x96, 0x4e, 0x3b, 0xb1, 0xcb, 0x3e, 0x42,
					   0x72, 0x62, 0xc8, 0xc0, 0x68, 0xd5, 0x23, 0x19};
	const struct crypto_bytes parts[] = {{"a", 1}, {"", 0}, {"bc", 2}};
	uint8_t hash[DIGEST_BYTES];

	(void)state;
	crypto_digest(parts, 3, hash);
	assert_memory_equal(hash, expected, sizeof(hash));
}

static void a_box_opens_only_unchanged_and_with_its_key(void **state)
{
	uint8_t key[CRYPTO_SEAL_KEY_BYTES], box[5 + CRYPTO_SEAL_EXTRA_BYTES];
	char plain[5];

	(void)state;
	crypto_random(key, sizeof(key));
	crypto_seal(key, "hello", 5, box);
	assert_int_equal(crypto_unseal(key, box, sizeof(box), plain), 0);
	assert_memory_equal(plain, "hello", 5);
	for (size_t i = 0; i < sizeof(box); i++) {
		box[i] ^= 1;
		assert_int_equal(crypto_unseal(key, box, sizeof(box), plain), -EBADMSG);
		box[i] ^= 1;
	}
	assert_int_equal(crypto_unseal(key, box, CRYPTO_SEAL_EXTRA_BYTES - 1, plain), -EBADMSG);
	assert_int_equal(crypto_unseal(key, NULL, 0, plain), -EBADMSG);
	key[0] ^= 1;
	assert_int_equal(crypto_unseal(key, box, sizeof(box), plain), -EBADMSG);
}

static void a_signature_is_of_one_message_and_key(void **state)
{
	uint8_t seed[CRYPTO_SIGN_SEED_BYTES] = {1}, signature[CRYPTO_SIGNATURE_BYTES];
	struct crypto_signer signer, other;

	(void)state;
	crypto_signer_init(&signer, seed);
	seed[0]++;
	crypto_signer_init(&other, seed);
	crypto_signer_sign(&signer, "open", 4, signature);
	assert_true(crypto_verify(signer.public_key, "open", 4, signature));
	assert_false(crypto_verify(signer.public_key, "opem", 4, signature));
	assert_false(crypto_verify(other.public_key, "open", 4, signature));
	signature[0] ^= 1;
	assert_false(crypto_verify(signer.public_key, "open", 4, signature));
}

static void base64_takes_only_what_it_gives(void **state)
{
	char text[9];
	uint8_t back[4];

	(void)state;
	assert_int_equal(crypto_base64_encode("\xff\xfe\xfd\xfc", 4, text, 8), -ENOSPC);
	assert_int_equal(crypto_base64_encode("\xff\xfe\xfd\xfc", 4, text, 9), 0);
	assert_string_equal(text, "//79/A==");
	assert_int_equal(crypto_base64_decode(text, back, 4), 0);
	assert_memory_equal(back, "\xff\xfe\xfd\xfc", 4);
	assert_int_equal(crypto_base64_decode(text, back, 3), -EINVAL);
	assert_int_equal(crypto_base64_decode("//79", back, 4), -EINVAL);
	assert_int_equal(crypto_base64_decode("//79/A", back, 4), -EINVAL);
	assert_int_equal(crypto_base64_decode("//79/A==x", back, 4), -EINVAL);
	assert_int_equal(crypto_base64_decode("", back, 4), -EINVAL);
}

static void a_key_file_comes_back_and_is_private(void **state)
{
	uint8_t key[32], back[32];
	char error[CRYPTO_ERROR_BYTES];
	struct stat file;

	(void)state;
	assert_int_equal(crypto_key_load(path, back, 32, error), -ENOENT);
	assert_non_null(strstr(error, path));
	assert_int_equal(crypto_key_create(path, key, 32, error), 0);
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0600);
	assert_int_equal(crypto_key_load(path, back, 32, error), 0);
	assert_memory_equal(key, back, 32);
	assert_int_equal(crypto_key_create(path, back, 32, error), -EEXIST);
	assert_int_equal(crypto_key_load(path, back, 32, error), 0);
	assert_memory_equal(key, back, 32);
	assert_int_equal(crypto_key_load(path, back, 31, error), -EINVAL);
}

static void a_key_that_others_may_read_is_refused(void **state)
{
	uint8_t back[32];
	char error[CRYPTO_ERROR_BYTES];

	(void)state;
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(crypto_key_load(path, back, 32, error), -EACCES);
	assert_non_null(strstr(error, "chmod 600"));
	assert_int_equal(chmod(path, 0600), 0);
}

static void rubbish_is_no_key(void **state)
{
	uint8_t back[32];
	char error[CRYPTO_ERROR_BYTES];
	FILE *file = fopen(path, "w");

	(void)state;
	assert_non_null(file);
	for (int i = 0; i < 100000; i++)
		fputc('A', file);
	fclose(file);
	assert_int_equal(crypto_key_load(path, back, 32, error), -EINVAL);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(crypto_key_load(path, back, 32, error), -EINVAL);
	assert_true(crypto_key_load(directory, back, 32, error) < 0);
}

static int setup(void **state)
{
	(void)state;
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/some.key", directory);
	return crypto_init();
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hash_is_blake2b_256),
		cmocka_unit_test(a_box_opens_only_unchanged_and_with_its_key),
		cmocka_unit_test(a_signature_is_of_one_message_and_key),
		cmocka_unit_test(base64_takes_only_what_it_gives),
		cmocka_unit_test(a_key_file_comes_back_and_is_private),
		cmocka_unit_test(a_key_that_others_may_read_is_refused),
		cmocka_unit_test(rubbish_is_no_key),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
