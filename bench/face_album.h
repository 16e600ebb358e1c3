/*
 * face_album.h - every picture of DIR/PERSON/FILE.jpg through the gate's own steps, on several
 * threads.
 */
#ifndef GH_BENCH_FACE_ALBUM_H
#define GH_BENCH_FACE_ALBUM_H

#include "face_light.h"

#include "vision/face/face.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ALBUM_NAME_BYTES = 128 };

struct album_picture {
	char person[ALBUM_NAME_BYTES], file[ALBUM_NAME_BYTES];
	unsigned owner;         /* pictures of one person share it */
	bool found;             /* a face was found, and every step worked */
	bool good;              /* the limits of a frame at the door are met */
	float live;             /* -1: not measured */
	float vector[FACE_DIM]; /* the mean of the views: what a template is made of */
	/* one of FACE_CROP_VIEWS, in turn by picture: what one frame at the door gives */
	float single[FACE_DIM];
	float norm;   /* of that one: face_embed() */
	float length; /* the mean of the views' */
	float sharpness, luma, contrast, turn, height_px, score;
};

struct album_config {
	const char *folder, *models_dir;
	/* a file that holds the answers of an earlier run, or will hold this one's; NULL: none */
	const char *cache;
	unsigned threads, views; /* views: see face_align_view() */
	bool embed, liveness;
	enum face_light light; /* how each picture is changed before anything else */
};

struct album {
	struct album_picture *pictures; /* by person, then file */
	size_t count, people;
	/* mean over those found: all steps but reading and decoding the file, on one thread */
	double ms_per_face;
	double ms[5]; /* detect, points and align, quality, liveness, embed */
};

/** Problems are told on stderr. @return 0 or a negative errno; -ENOENT: no pictures. */
int album_load(const struct album_config *config, struct album *ret_album);
void album_finish(struct album *album);

/** Index of DIR/PERSON/FILE; -1: none such. */
long album_find(const struct album *album, const char *person, const char *file);

/** Cosine; -1 when one of the two has no face. */
float album_cosine(const struct album_picture *a, const struct album_picture *b);

/** The same as a door scores it: weighed by what was seen of both (threshold.h). */
float album_score(const struct album_picture *enrolled, const struct album_picture *probe);

/** The next of a row that @p state begins: the same each time, 24 bits. Not for secrets. */
uint32_t album_random(uint32_t *state);
/** 0 to @p count - 1 in an order by chance. */
void album_shuffle(size_t *order, size_t count, uint32_t *state);

#endif
