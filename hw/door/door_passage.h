/*
 * door_passage.h - what is known of the persons who are granted a door: at once when it is
 * released, and later from its contact.
 */
#ifndef GH_HW_DOOR_DOOR_PASSAGE_H
#define GH_HW_DOOR_DOOR_PASSAGE_H

/* what a release says at once */
enum door_release {
	/* a passage is reported later; when an opening is told late, first NOT_TAKEN, then TAKEN */
	DOOR_RELEASE_WAITS,
	DOOR_RELEASE_TAKEN, /* before an open leaf a grant counts as taken */
	/* no contact, or the door stands open for everybody: it cannot be told */
	DOOR_RELEASE_NOT_KNOWN
};

/* what the contact says later */
enum door_passage {
	DOOR_PASSAGE_TAKEN,
	DOOR_PASSAGE_NOT_TAKEN,
	DOOR_PASSAGE_UNKNOWN,   /* the release is over, and the contact could not be read */
	DOOR_PASSAGE_TAILGATING /* more went through than were granted; beside the others */
};

#endif
