import type { QueryClient, QueryKey } from '@tanstack/react-query';

/**
 * Reads anew what an event has changed. A query whose very first answer is still on its way would
 * only be waited for, and that answer may be from before the event: it is asked once more.
 */
export async function refresh(queries: QueryClient, queryKey: QueryKey = []): Promise<void> {
  const firstReads = queries
    .getQueryCache()
    .findAll({ queryKey, fetchStatus: 'fetching' })
    .some((query) => query.state.data === undefined);
  await queries.invalidateQueries({ queryKey });
  if (firstReads) await queries.invalidateQueries({ queryKey });
}
