/* camera_feed.h - what a camera told, gathered for tests that wait for it. */
#ifndef GH_TESTS_CAMERA_FEED_H
#define GH_TESTS_CAMERA_FEED_H

#include <stdio.h>
#include "vision/camera/camera.h"

#include <pthread.h>
#include <string.h>

struct feed {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int frames, live, lost, ended, out_of_order;
	uint32_t epoch;
	int64_t last_pts, pts_of_second_epoch;
	char reason[CAMERA_REASON_BYTES];
	struct video_frame *last;
};

static inline void feed_frame(void *arg, struct video_frame *frame)
{
	struct feed *feed = arg;

	pthread_mutex_lock(&feed->lock);
	if (feed->frames > 0 && (frame->pts_us <= feed->last_pts || frame->epoch < feed->epoch))
		feed->out_of_order++;
	if (frame->epoch == 1 && feed->epoch == 0)
		feed->pts_of_second_epoch = frame->pts_us;
	feed->last_pts = frame->pts_us;
	feed->epoch = frame->epoch;
	feed->frames++;
	video_frame_unref(feed->last);
	feed->last = video_frame_ref(frame);
	pthread_cond_broadcast(&feed->changed);
	pthread_mutex_unlock(&feed->lock);
}

static inline void feed_state(void *arg, enum camera_state state, const struct problem *reason)
{
	struct feed *feed = arg;

	pthread_mutex_lock(&feed->lock);
	feed->live += state == CAMERA_LIVE;
	feed->lost += state == CAMERA_LOST;
	feed->ended += state == CAMERA_ENDED;
	if (state == CAMERA_LOST)
		snprintf(feed->reason, sizeof(feed->reason), "%s", reason->detail);
	pthread_cond_broadcast(&feed->changed);
	pthread_mutex_unlock(&feed->lock);
}

static const struct camera_ops feed_ops = {feed_frame, feed_state};

static inline void feed_init(struct feed *feed)
{
	memset(feed, 0, sizeof(*feed));
	pthread_mutex_init(&feed->lock, NULL);
	pthread_cond_init(&feed->changed, NULL);
}

/*
 * waits until *count, one of the members, is at least @p least; CTest's limit ends a wait in vain
 */
static inline void feed_wait(struct feed *feed, const int *count, int least)
{
	pthread_mutex_lock(&feed->lock);
	while (*count < least)
		pthread_cond_wait(&feed->changed, &feed->lock);
	pthread_mutex_unlock(&feed->lock);
}

static inline void feed_finish(struct feed *feed)
{
	video_frame_unref(feed->last);
	pthread_cond_destroy(&feed->changed);
	pthread_mutex_destroy(&feed->lock);
}

#endif
