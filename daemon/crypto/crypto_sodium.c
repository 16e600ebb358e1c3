#include "crypto.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(CRYPTO_SEAL_KEY_BYTES == crypto_secretbox_KEYBYTES, "libsodium's size");
_Static_assert(CRYPTO_SEAL_EXTRA_BYTES == crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES,
	       "libsodium's size");
_Static_assert(CRYPTO_SIGN_SEED_BYTES == crypto_sign_SEEDBYTES, "libsodium's size");
_Static_assert(CRYPTO_SIGN_PUBLIC_BYTES == crypto_sign_PUBLICKEYBYTES, "libsodium's size");
_Static_assert(CRYPTO_SIGN_SECRET_BYTES == crypto_sign_SECRETKEYBYTES, "libsodium's size");
_Static_assert(CRYPTO_SIGNATURE_BYTES == crypto_sign_BYTES, "libsodium's size");

_Static_assert(crypto_pwhash_argon2id_STRBYTES <= CRYPTO_PASSWORD_HASH_BYTES, "libsodium's size");

_Static_assert(CRYPTO_SHA256_STATE_BYTES >= sizeof(crypto_hash_sha256_state), "libsodium's size");

enum {
	KEY_BYTES_MAX = 64,
	KEY_TEXT_BYTES = 2 * KEY_BYTES_MAX,
	PASSWORD_MEMORY_BYTES = 32 << 20,
	PASSWORD_PASSES = 3
};

bool crypto_is_ready(void)
{
	uint8_t byte;

	return getrandom(&byte, 1, GRND_NONBLOCK) == 1 || errno != EAGAIN;
}

int crypto_init(void)
{
	return sodium_init() < 0 ? -EIO : 0;
}

void crypto_digest(const struct crypto_bytes *parts, size_t count, uint8_t ret_hash[DIGEST_BYTES])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, DIGEST_BYTES);
	for (size_t i = 0; i < count; i++)
		crypto_generichash_update(&state, parts[i].at, parts[i].bytes);
	crypto_generichash_final(&state, ret_hash, DIGEST_BYTES);
}

void crypto_sha256_begin(struct crypto_sha256 *sha256)
{
	crypto_hash_sha256_init((crypto_hash_sha256_state *)sha256->state);
}

void crypto_sha256_add(struct crypto_sha256 *sha256, const void *at, size_t bytes)
{
	crypto_hash_sha256_update((crypto_hash_sha256_state *)sha256->state, at, bytes);
}

void crypto_sha256_end(struct crypto_sha256 *sha256, char ret_hex[DIGEST_HEX_BYTES])
{
	uint8_t digest[crypto_hash_sha256_BYTES];

	crypto_hash_sha256_final((crypto_hash_sha256_state *)sha256->state, digest);
	sodium_bin2hex(ret_hex, DIGEST_HEX_BYTES, digest, sizeof(digest));
}

void crypto_seal(const uint8_t key[CRYPTO_SEAL_KEY_BYTES], const void *plain, size_t bytes,
		 void *ret_sealed)
{
	uint8_t *nonce = ret_sealed;

	assert(key != NULL && (plain != NULL || bytes == 0));
	randombytes_buf(nonce, crypto_secretbox_NONCEBYTES);
	crypto_secretbox_easy(nonce + crypto_secretbox_NONCEBYTES, plain, bytes, nonce, key);
}

int crypto_unseal(const uint8_t key[CRYPTO_SEAL_KEY_BYTES], const void *sealed, size_t sealed_bytes,
		  void *ret_plain)
{
	const uint8_t *nonce = sealed;

	if (sealed == NULL || sealed_bytes < CRYPTO_SEAL_EXTRA_BYTES)
		return -EBADMSG;
	if (crypto_secretbox_open_easy(ret_plain, nonce + crypto_secretbox_NONCEBYTES,
				       sealed_bytes - crypto_secretbox_NONCEBYTES, nonce, key) < 0)
		return -EBADMSG;
	return 0;
}

void crypto_signer_init(struct crypto_signer *signer, const uint8_t seed[CRYPTO_SIGN_SEED_BYTES])
{
	crypto_sign_seed_keypair(signer->public_key, signer->secret, seed);
}

void crypto_signer_sign(const struct crypto_signer *signer, const void *message, size_t bytes,
			uint8_t ret_signature[CRYPTO_SIGNATURE_BYTES])
{
	crypto_sign_detached(ret_signature, NULL, message, bytes, signer->secret);
}

bool crypto_verify(const uint8_t public_key[CRYPTO_SIGN_PUBLIC_BYTES], const void *message,
		   size_t bytes, const uint8_t signature[CRYPTO_SIGNATURE_BYTES])
{
	return crypto_sign_verify_detached(signature, message, bytes, public_key) == 0;
}

int crypto_password_hash(const char *password, char ret_hash[CRYPTO_PASSWORD_HASH_BYTES])
{
	return crypto_pwhash_argon2id_str(ret_hash, password, strlen(password), PASSWORD_PASSES,
					  PASSWORD_MEMORY_BYTES) == 0
		       ? 0
		       : -ENOMEM;
}

bool crypto_password_verify(const char *password, const char *hash)
{
	return crypto_pwhash_argon2id_str_verify(hash, password, strlen(password)) == 0;
}

bool crypto_equal(const void *a, const void *b, size_t bytes)
{
	return sodium_memcmp(a, b, bytes) == 0;
}

void crypto_random(void *ret, size_t bytes)
{
	randombytes_buf(ret, bytes);
}

void crypto_wipe(void *secret, size_t bytes)
{
	sodium_memzero(secret, bytes);
}

int crypto_base64_encode(const void *from, size_t bytes, char *text, size_t text_bytes)
{
	if (text_bytes < sodium_base64_encoded_len(bytes, sodium_base64_VARIANT_ORIGINAL))
		return -ENOSPC;
	sodium_bin2base64(text, text_bytes, from, bytes, sodium_base64_VARIANT_ORIGINAL);
	return 0;
}

int crypto_base64_decode_any(const char *text, void *ret, size_t bytes_max, size_t *ret_bytes)
{
	return sodium_base642bin(ret, bytes_max, text, strlen(text), NULL, ret_bytes, NULL,
				 sodium_base64_VARIANT_ORIGINAL) == 0
		       ? 0
		       : -EINVAL;
}

int crypto_base64_decode(const char *text, void *ret, size_t bytes)
{
	size_t got;

	return crypto_base64_decode_any(text, ret, bytes, &got) == 0 && got == bytes ? 0 : -EINVAL;
}

static int fail(char *error, int r, const char *path, const char *what)
{
	snprintf(error, CRYPTO_ERROR_BYTES, "%s: %s", path, what);
	return r;
}

static int fail_errno(char *error, const char *path, const char *doing)
{
	int r = -errno;

	snprintf(error, CRYPTO_ERROR_BYTES, "%s: cannot %s: %s", path, doing, strerror(-r));
	return r;
}

static int read_key(int fd, const char *path, uint8_t *ret_key, size_t bytes, char *error)
{
	char text[KEY_TEXT_BYTES] = "";
	ssize_t got = read(fd, text, sizeof(text) - 1);
	int r;

	if (got < 0)
		return fail_errno(error, path, "read it");
	text[strcspn(text, "\r\n")] = '\0';
	r = crypto_base64_decode(text, ret_key, bytes);
	crypto_wipe(text, sizeof(text));
	if (r < 0)
		return fail(error, r, path,
			    "is not a key: expected one line of base 64; put the right file back");
	return 0;
}

/* systemd protects its credentials with ACLs, whose mask appears in the mode. */
static bool is_credential(const char *path)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	size_t length = folder != NULL ? strlen(folder) : 0;

	return length > 0 && strncmp(path, folder, length) == 0 && path[length] == '/';
}

int crypto_key_load(const char *path, uint8_t *ret_key, size_t bytes, char *error)
{
	struct stat file;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), r;

	if (fd < 0)
		return fail_errno(error, path, "open the key file");
	if (fstat(fd, &file) < 0)
		r = fail_errno(error, path, "read its mode");
	else if (!S_ISREG(file.st_mode))
		r = fail(error, -EINVAL, path, "is not a file");
	else if ((file.st_mode & 077) != 0 && strstr(path, ".pub") == NULL && !is_credential(path))
		r = fail(error, -EACCES, path, "may be read by others: chmod 600 it");
	else
		r = read_key(fd, path, ret_key, bytes, error);
	close(fd);
	return r;
}

/*
 * Syncs the folder of @p path: if a power cut removed a new key's file name, nothing sealed with it
 * could be read.
 */
static int sync_directory(const char *path)
{
	char directory[4096];
	char *slash;
	int fd, r = 0;

	if (snprintf(directory, sizeof(directory), "%s", path) >= (int)sizeof(directory))
		return -ENAMETOOLONG;
	slash = strrchr(directory, '/');
	if (slash == NULL)
		strcpy(directory, ".");
	else
		slash[slash == directory ? 1 : 0] = '\0';
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* Writes under another name first, so that a key file is never incomplete. */
static int write_key(const char *path, const uint8_t *key, size_t bytes, mode_t mode, bool replace,
		     char *error)
{
	char text[KEY_TEXT_BYTES], temporary[4096];
	size_t length;
	int fd, r = 0;

	assert(bytes <= KEY_BYTES_MAX);
	if (crypto_base64_encode(key, bytes, text, sizeof(text) - 1) < 0 ||
	    snprintf(temporary, sizeof(temporary), "%s.%d.new", path, (int)getpid()) >=
		    (int)sizeof(temporary))
		return fail(error, -ENAMETOOLONG, path, "the name is too long");
	strcat(text, "\n");
	length = strlen(text);
	(void)unlink(temporary); /* left by a crash; if this fails, so does the open below */
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return fail_errno(error, path, "make the key file");
	if (fchmod(fd, mode) < 0 || write(fd, text, length) != (ssize_t)length || fsync(fd) < 0)
		r = fail_errno(error, path, "write the key file");
	close(fd);
	crypto_wipe(text, sizeof(text));
	if (r == 0 && (replace ? rename(temporary, path) : link(temporary, path)) < 0)
		r = fail_errno(error, path, "make the key file");
	if (r < 0 || !replace)
		(void)unlink(temporary); /* @p path is another name of it, or it failed */
	if (r == 0 && (errno = -sync_directory(path)) != 0)
		r = fail_errno(error, path, "sync its directory");
	return r;
}

int crypto_key_create(const char *path, uint8_t *ret_key, size_t bytes, char *error)
{
	uint8_t key[KEY_BYTES_MAX];
	int r;

	if (bytes > sizeof(key))
		return fail(error, -EINVAL, path, "such a long key is never made");
	crypto_random(key, bytes);
	r = write_key(path, key, bytes, 0600, false, error);
	if (r == 0)
		memcpy(ret_key, key, bytes);
	crypto_wipe(key, sizeof(key));
	return r;
}

int crypto_key_publish(const char *path, const uint8_t *key, size_t bytes, char *error)
{
	return write_key(path, key, bytes, 0644, true, error);
}
