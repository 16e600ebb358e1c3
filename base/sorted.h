/* sorted.h - the place of a key in a sorted array. Pure; any thread. */
#ifndef GH_BASE_SORTED_H
#define GH_BASE_SORTED_H

#include <stddef.h>

/** @return below 0, 0 or above 0, as @p item stands before, at or behind @p key. */
typedef int (*sorted_order_fn)(const void *item, const void *key);

/**
 * The index of the first item at or behind @p key; @p count where there is none. An insertion there
 * keeps the order. Inline, so that the comparison is compiled into the loop.
 */
static inline size_t sorted_place(const void *items, size_t count, size_t item_bytes,
				  sorted_order_fn order, const void *key)
{
	const unsigned char *at = (const unsigned char *)items;
	size_t low = 0, high = count;

	/* ids begin with their time, so the newest belongs at the end */
	if (count > 0 && order(at + (count - 1) * item_bytes, key) < 0)
		return count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (order(at + middle * item_bytes, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

#endif
