import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { emptySeries, type Series } from '../model/series';
import { ApiError } from './http';
import type { SeriesAnswer, SeriesQuery } from './series';
import { SeriesFeed, type SeriesWish } from './series_feed';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const wish = (key: string, max: number | null = null): SeriesWish => ({
  run: 'e/p/r',
  key,
  x: '_step',
  min: null,
  max,
  points: 100,
});

function rows(from: number, to: number): Series {
  const x = Float64Array.from({ length: to - from }, (_, i) => from + i);
  return { ...emptySeries, x, value: x, count: x.length, lastStep: to - 1 };
}

/** A server that has `stored` rows of every key, and remembers what it was asked. */
class FakeServer {
  stored = 10;
  requests: SeriesQuery[][] = [];
  failures = 0;

  readonly fetch = async (queries: readonly SeriesQuery[]): Promise<SeriesAnswer[]> => {
    this.requests.push([...queries]);
    if (this.failures-- > 0) throw new ApiError(503, 'busy');
    return queries.map(({ after }) => ({
      error: null,
      series: rows(after === null ? 0 : after + 1, this.stored),
    }));
  };
}

it('reads new rows of all watched charts in one request, after the last step known', async () => {
  const server = new FakeServer();
  const feed = new SeriesFeed(server.fetch);
  const wishes = Array.from({ length: 20 }, (_, i) => wish(`m${i}`));
  for (const w of wishes) feed.watch([w], () => undefined);
  await vi.advanceTimersByTimeAsync(200);
  expect(server.requests.map((queries) => queries.length)).toEqual([20]);

  server.stored = 13;
  feed.noteRows('e/p/r');
  await vi.advanceTimersByTimeAsync(200);
  expect(server.requests).toHaveLength(2);
  expect(server.requests[1]).toHaveLength(20);
  expect(server.requests[1]?.every((query) => query.after === 9)).toBe(true);
  expect(feed.peek(wish('m7')).series?.x).toEqual(rows(0, 13).x);
});

it('does not read for charts that nobody watches, and catches up when they are watched', async () => {
  const server = new FakeServer();
  const feed = new SeriesFeed(server.fetch);
  const stop = feed.watch([wish('m')], () => undefined);
  await vi.advanceTimersByTimeAsync(200);
  stop();
  server.stored = 12;
  feed.noteRows('e/p/r');
  await vi.advanceTimersByTimeAsync(200);
  expect(server.requests).toHaveLength(1);
  feed.watch([wish('m')], () => undefined);
  await vi.advanceTimersByTimeAsync(200);
  expect(feed.peek(wish('m')).series?.lastStep).toBe(11);
});

it('loses no row that arrives while a read is on its way', async () => {
  const server = new FakeServer();
  const feed = new SeriesFeed(async (queries) => {
    const answers = await server.fetch(queries);
    if (server.requests.length === 1) {
      server.stored = 11;
      feed.noteRows('e/p/r');
    }
    return answers;
  });
  feed.watch([wish('m')], () => undefined);
  await vi.advanceTimersByTimeAsync(500);
  expect(feed.peek(wish('m')).series?.lastStep).toBe(10);
});

it('tries again after a failure and says what failed meanwhile', async () => {
  const server = new FakeServer();
  server.failures = 1;
  const feed = new SeriesFeed(server.fetch);
  feed.watch([wish('m')], () => undefined);
  await vi.advanceTimersByTimeAsync(100);
  expect(feed.peek(wish('m'))).toMatchObject({ series: null, error: 'busy' });
  await vi.advanceTimersByTimeAsync(5000);
  expect(feed.peek(wish('m'))).toMatchObject({ error: null });
  expect(feed.peek(wish('m')).series?.lastStep).toBe(9);
});

it('reads the whole range anew once a series has outgrown its chart', async () => {
  const server = new FakeServer();
  const feed = new SeriesFeed(server.fetch);
  feed.watch([wish('m')], () => undefined);
  await vi.advanceTimersByTimeAsync(200);
  server.stored = 600;
  feed.noteRows('e/p/r');
  await vi.advanceTimersByTimeAsync(500);
  expect(server.requests.map(([query]) => query?.after)).toEqual([null, 9, null]);
});

it('leaves a chart alone that is zoomed into the past', async () => {
  const server = new FakeServer();
  const feed = new SeriesFeed(server.fetch);
  feed.watch([wish('m', 5)], () => undefined);
  await vi.advanceTimersByTimeAsync(200);
  feed.noteRows('e/p/r');
  await vi.advanceTimersByTimeAsync(500);
  expect(server.requests).toHaveLength(1);
});
