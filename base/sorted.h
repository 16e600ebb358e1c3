/* sorted.h - binary search in a sorted array. Pure; any thread. */
#ifndef GH_BASE_SORTED_H
#define GH_BASE_SORTED_H

#include <stddef.h>

/** @return below 0, 0 or above 0 if @p item sorts before, equal to or after @p key. */
typedef int (*sorted_order_fn)(const void *item, const void *key);

/**
 * The index of the first item that does not sort before @p key; @p count if there is none.
 * Inserting there preserves the order. Inline, so that the compiler inlines the comparison.
 */
static inline size_t sorted_place(const void *items, size_t count, size_t item_bytes,
				  sorted_order_fn order, const void *key)
{
	const unsigned char *at = (const unsigned char *)items;
	size_t low = 0, high = count;

	/* ids begin with their time, so a new one is usually appended */
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
