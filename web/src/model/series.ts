import { smooth } from './smoothing';

/** One metric of one run over one range of x, ascending in x; `min` and `max` exist if sampled. */
export interface Series {
  x: Float64Array;
  value: Float64Array;
  min: Float64Array | null;
  max: Float64Array | null;
  /** Rows in the range on the server, sampled or not. */
  count: number;
  /** The newest step among them, -1 for none: where to go on reading. */
  lastStep: number;
}

export const emptySeries: Series = {
  x: new Float64Array(),
  value: new Float64Array(),
  min: null,
  max: null,
  count: 0,
  lastStep: -1,
};

export function concat(a: Float64Array, b: Float64Array): Float64Array {
  const joined = new Float64Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

/**
 * The series with newer rows at its end, or null if they do not simply follow (an x that is not
 * monotonic, rows that were themselves sampled): then the caller reads the whole range again.
 */
export function appendSeries(series: Series, newer: Series): Series | null {
  if (newer.x.length === 0) return series;
  if (newer.min !== null) return null;
  const last = series.x[series.x.length - 1];
  if (last !== undefined && !((newer.x[0] ?? NaN) >= last)) return null;
  return {
    x: concat(series.x, newer.x),
    value: concat(series.value, newer.value),
    min: series.min && concat(series.min, newer.value),
    max: series.max && concat(series.max, newer.value),
    count: series.count + newer.count,
    lastStep: Math.max(series.lastStep, newer.lastStep),
  };
}

/** What one run draws in a chart. Lines hold null where nothing finite can be drawn. */
export interface DrawnLine {
  x: Float64Array;
  main: (number | null)[];
  /** The unsmoothed values, faint behind; null when nothing is smoothed. */
  raw: (number | null)[] | null;
  min: (number | null)[] | null;
  max: (number | null)[] | null;
  /** Where the value is not a number: drawn as marks on the chart's edge. */
  marks: Mark[];
  /** Values that a logarithmic scale cannot show. */
  hiddenByLog: number;
}

export interface Mark {
  x: number;
  kind: 'nan' | 'inf' | '-inf';
}

export interface DrawOptions {
  smoothing: number;
  isLog: boolean;
}

export function drawnLine(series: Series, options: DrawOptions): DrawnLine {
  const isSmoothed = options.smoothing > 0;
  const drawable = (value: number): number | null =>
    Number.isFinite(value) && !(options.isLog && value <= 0) ? value : null;
  const column = (values: Float64Array): (number | null)[] => Array.from(values, drawable);
  const marks: Mark[] = [];
  let hiddenByLog = 0;
  for (let i = 0; i < series.value.length; i++) {
    const value = series.value[i] ?? NaN;
    const low = series.min?.[i] ?? value;
    const high = series.max?.[i] ?? value;
    const x = series.x[i] ?? NaN;
    if (Number.isNaN(low) && Number.isNaN(high)) marks.push({ x, kind: 'nan' });
    if (high === Infinity) marks.push({ x, kind: 'inf' });
    if (low === -Infinity) marks.push({ x, kind: '-inf' });
    if (options.isLog && Number.isFinite(value) && value <= 0) hiddenByLog++;
  }
  return {
    x: series.x,
    main: column(isSmoothed ? smooth(series.value, options.smoothing) : series.value),
    raw: isSmoothed ? column(series.value) : null,
    min: series.min && column(series.min),
    max: series.max && column(series.max),
    marks,
    hiddenByLog,
  };
}

/** The index whose x is nearest to `at`; -1 if there is none. `x` ascends. */
export function nearestIndex(x: Float64Array, at: number): number {
  if (x.length === 0 || Number.isNaN(at)) return -1;
  let low = 0;
  let high = x.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((x[middle] ?? NaN) < at) low = middle + 1;
    else high = middle;
  }
  const before = x[low - 1];
  return before !== undefined && at - before <= Math.abs((x[low] ?? NaN) - at) ? low - 1 : low;
}
