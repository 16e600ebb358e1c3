/*
 * face_site.h - months at a gate of these people: which threshold would it choose
 * (vision/face/threshold_calibration.h), how often would it refuse them there, how many strangers
 * would really pass, and is that within what it states?
 *
 * A track is some pictures of one person, each as one frame shows it (album_picture.single), and
 * their mean, as at the door.
 */
#ifndef GH_BENCH_FACE_SITE_H
#define GH_BENCH_FACE_SITE_H

#include "face_album.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct face_site_setup {
	unsigned pictures_min;   /* who has as many can be enrolled */
	unsigned enrol, track;   /* pictures of a template, and of a track */
	unsigned enrolled_share; /* percent of those who can be; the others are strangers */
	/* only those others: people as much seen and as alike as the enrolled */
	bool ambiguous_strangers;
	bool best;      /* a template each instead of their mean */
	double percent; /* effective false accept rate */
};

struct face_site_trial {
	size_t enrolled, strangers, tracks; /* tracks: of the enrolled */
	double threshold, card;
	double frr;       /* of their tracks, each person counting the same */
	double far;       /* of strangers' tracks, each stranger counting the same */
	double low, high; /* what the gate states of far, with 90 % confidence */
	bool judged;      /* enough people were there to state anything */
	/*
	 * so many, or so few, of these strangers pass in at most one of twenty cases if far lies
	 * within
	 */
	bool refuted;
};

/**
 * @param seed  the same draws the same people and pictures. @return 0, -ENOMEM or -EINVAL (nobody
 *              to enrol).
 */
int face_site_try(const struct album *album, const struct face_site_setup *setup, uint32_t seed,
		  struct face_site_trial *ret_trial);

#endif
