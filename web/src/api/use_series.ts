import { useCallback, useMemo, useSyncExternalStore } from 'react';

import type { SeriesFeed, SeriesState, SeriesWish } from './series_feed';

/**
 * The newest known state of each wish; the array is a new one only when a state changed. While
 * `isActive`, the feed keeps them up to date; a chart outside the window is not active and costs
 * nothing. `wishes` must keep its identity.
 */
export function useSeries(
  feed: SeriesFeed,
  wishes: readonly SeriesWish[],
  isActive: boolean,
): readonly SeriesState[] {
  const read = useMemo(() => stableReader(feed, wishes), [feed, wishes]);
  const subscribe = useCallback(
    (listener: () => void) => (isActive ? feed.watch(wishes, listener) : () => undefined),
    [feed, wishes, isActive],
  );
  return useSyncExternalStore(subscribe, read);
}

function stableReader(
  feed: SeriesFeed,
  wishes: readonly SeriesWish[],
): () => readonly SeriesState[] {
  let last: readonly SeriesState[] = [];
  return () => {
    const states = wishes.map((wish) => feed.peek(wish));
    const isSame =
      states.length === last.length &&
      states.every((s, i) => s.series === last[i]?.series && s.error === last[i]?.error);
    if (!isSame) last = states.map(({ series, error }) => ({ series, error }));
    return last;
  };
}
