/*
 * access_feedback.h - what the person at a door is shown of a decision, by the lights and buzzers
 * of readers and on displays.
 */
#ifndef GH_ACCESS_ACCESS_FEEDBACK_H
#define GH_ACCESS_ACCESS_FEEDBACK_H

enum access_feedback {
	ACCESS_FEEDBACK_GRANTED,
	ACCESS_FEEDBACK_DENIED,
	ACCESS_FEEDBACK_MORE, /* another factor is expected, or a guard decides */
};

#endif
