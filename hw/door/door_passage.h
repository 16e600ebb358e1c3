/*
 * door_passage.h - whether a granted access was taken: what is known when the door is released, and
 * what its contact reports later.
 */
#ifndef GH_HW_DOOR_DOOR_PASSAGE_H
#define GH_HW_DOOR_DOOR_PASSAGE_H

/* known at the release */
enum door_release {
	/* a passage is reported later: NOT_TAKEN, then TAKEN, if an opening is reported late */
	DOOR_RELEASE_WAITS,
	DOOR_RELEASE_TAKEN, /* the leaf is open already: the grant counts as taken */
	/* the door has no contact, or is open for everybody */
	DOOR_RELEASE_NOT_KNOWN
};

/* reported by the contact */
enum door_passage {
	DOOR_PASSAGE_TAKEN,
	DOOR_PASSAGE_NOT_TAKEN,
	DOOR_PASSAGE_UNKNOWN,   /* the release ended, and the contact could not be read */
	DOOR_PASSAGE_TAILGATING /* more people passed than were granted; beside the others */
};

#endif
