/* access_feedback.h - what the lights, buzzers and displays at a door show of a decision. */
#ifndef GH_ACCESS_ACCESS_FEEDBACK_H
#define GH_ACCESS_ACCESS_FEEDBACK_H

enum access_feedback {
	ACCESS_FEEDBACK_GRANTED,
	ACCESS_FEEDBACK_DENIED,
	ACCESS_FEEDBACK_MORE, /* another factor is expected, or a guard decides */
};

#endif
