import { appendSeries, type Series } from '../model/series';
import { ApiError } from './http';
import { fetchSeries, maxQueriesPerRequest, type SeriesAnswer, type SeriesQuery } from './series';

/** What a chart shows of one run: `points` is its width in pixels. */
export type SeriesWish = Omit<SeriesQuery, 'after'>;

export interface SeriesState {
  series: Series | null;
  error: string | null;
}

type Need = 'nothing' | 'tail' | 'all';

interface Entry extends SeriesState {
  wish: SeriesWish;
  need: Need;
  listeners: Set<() => void>;
  lastUse: number;
}

type Fetcher = (queries: readonly SeriesQuery[], signal?: AbortSignal) => Promise<SeriesAnswer[]>;

/** Rows read at once to follow a run; more than that and the range is read again, sampled. */
const tailPoints = 10_000;
/** A series that grew past this many times its points is read again. */
const growth = 2.5;
/** First reads go out in groups, so that the first charts appear before the last are read. */
const groupSize = 24;
const keptEntries = 1000;
/** The least time between two reads: a run that logs fast must not make the page read all day. */
const restMs = 60;
const retryMs = 3000;

const waiting: SeriesState = { series: null, error: null };

/**
 * Reads the series of all charts on a page. Charts that become visible watch their wishes; all
 * that became due since the last read goes out together, so 50 live charts cost one request a
 * tick. Entries nobody watches are kept for a while and brought up to date when next watched.
 */
export class SeriesFeed {
  private readonly entries = new Map<string, Entry>();
  private readonly fetcher: Fetcher;
  private readonly abort = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isReading = false;
  private uses = 0;

  constructor(fetcher: Fetcher = fetchSeries) {
    this.fetcher = fetcher;
  }

  peek(wish: SeriesWish): SeriesState {
    return this.entries.get(keyOf(wish)) ?? waiting;
  }

  /** Keeps the wishes up to date until the returned function is called. */
  watch(wishes: readonly SeriesWish[], listener: () => void): () => void {
    const watched = wishes.map((wish) => this.entry(wish));
    for (const entry of watched) {
      entry.listeners.add(listener);
      entry.lastUse = ++this.uses;
    }
    this.forgetOldest();
    this.schedule(0);
    return () => {
      for (const entry of watched) entry.listeners.delete(listener);
    };
  }

  /** New rows of a run were stored. */
  noteRows(run: string): void {
    for (const entry of this.entries.values()) {
      if (entry.wish.run !== run || entry.need === 'all') continue;
      if (entry.wish.max === null) entry.need = 'tail';
    }
    this.schedule(0);
  }

  /** Anything may have changed; of one run, or of all. */
  noteAll(run: string | null): void {
    for (const entry of this.entries.values()) {
      if (run === null || entry.wish.run === run) entry.need = 'all';
    }
    this.schedule(0);
  }

  close(): void {
    clearTimeout(this.timer);
    this.abort.abort();
  }

  private entry(wish: SeriesWish): Entry {
    const key = keyOf(wish);
    let entry = this.entries.get(key);
    if (!entry) {
      entry = { wish, need: 'all', series: null, error: null, listeners: new Set(), lastUse: 0 };
      this.entries.set(key, entry);
    }
    return entry;
  }

  private forgetOldest(): void {
    if (this.entries.size <= keptEntries) return;
    const idle = [...this.entries].filter(([, entry]) => entry.listeners.size === 0);
    idle.sort(([, a], [, b]) => a.lastUse - b.lastUse);
    for (const [key] of idle.slice(0, this.entries.size - keptEntries)) this.entries.delete(key);
  }

  private schedule(delayMs: number): void {
    if (this.isReading || this.timer !== undefined || this.abort.signal.aborted) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.readDue();
    }, delayMs);
  }

  private due(need: Need): Entry[] {
    return [...this.entries.values()].filter((e) => e.need === need && e.listeners.size > 0);
  }

  private async readDue(): Promise<void> {
    const tails = this.due('tail');
    const wholes = this.due('all');
    if (tails.length + wholes.length === 0) return;
    this.isReading = true;
    const groups = [...groupsOf(tails, maxQueriesPerRequest), ...groupsOf(wholes, groupSize)];
    const outcomes = await Promise.all(groups.map((group) => this.readGroup(group)));
    this.isReading = false;
    this.schedule(outcomes.includes(false) ? retryMs : restMs);
  }

  private async readGroup(group: readonly Entry[]): Promise<boolean> {
    const queries = group.map((entry): SeriesQuery => {
      const after = entry.need === 'tail' ? (entry.series?.lastStep ?? -1) : -1;
      return after >= 0
        ? { ...entry.wish, points: tailPoints, after }
        : { ...entry.wish, after: null };
    });
    // Rows that arrive from here on are asked for again.
    for (const entry of group) entry.need = 'nothing';
    try {
      const answers = await this.fetcher(queries, this.abort.signal);
      group.forEach((entry, i) => {
        const answer = answers[i];
        const query = queries[i];
        if (answer && query) take(entry, query, answer);
      });
      return true;
    } catch (cause) {
      if (this.abort.signal.aborted) return true;
      for (const entry of group) {
        entry.need = 'all';
        if (!entry.series) entry.error = messageOf(cause);
        tell(entry);
      }
      return false;
    }
  }
}

function take(entry: Entry, query: SeriesQuery, answer: SeriesAnswer): void {
  if (answer.series === null) {
    entry.series = null;
    entry.error = answer.error;
  } else if (query.after === null || !entry.series) {
    entry.series = answer.series;
    entry.error = null;
  } else {
    const longer = appendSeries(entry.series, answer.series);
    if (longer === entry.series) return;
    if (longer) entry.series = longer;
    if (!longer || longer.x.length > growth * entry.wish.points) entry.need = 'all';
  }
  tell(entry);
}

function tell(entry: Entry): void {
  for (const listener of entry.listeners) listener();
}

function messageOf(cause: unknown): string {
  return cause instanceof ApiError || cause instanceof Error ? cause.message : String(cause);
}

function keyOf(wish: SeriesWish): string {
  return JSON.stringify([wish.run, wish.key, wish.x, wish.min, wish.max, wish.points]);
}

function groupsOf<T>(items: readonly T[], size: number): T[][] {
  const groups: T[][] = [];
  for (let i = 0; i < items.length; i += size) groups.push(items.slice(i, i + size));
  return groups;
}
