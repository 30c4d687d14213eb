import {
  drawnLine,
  nearestIndex,
  type DrawnLine,
  type DrawOptions,
  type Series,
} from '../model/series';

/** One run in a chart: what is known of it and how it is drawn. */
export interface ChartLine {
  id: string;
  label: string;
  colour: string;
  series: Series;
  drawn: DrawnLine;
}

/** Where the crosshair stands in one line. */
export interface Reading {
  line: ChartLine;
  x: number;
  /** As logged, or the mean of a bucket of many rows. */
  value: number;
  /** Present when the line is smoothed. */
  smoothed: number | null;
  /** Present when the point stands for many rows. */
  low: number | null;
  high: number | null;
}

export function makeLine(
  of: { id: string; label: string; colour: string },
  series: Series,
  options: DrawOptions,
): ChartLine {
  return { ...of, series, drawn: drawnLine(series, options) };
}

export function readingsAt(lines: readonly ChartLine[], x: number): Reading[] {
  const readings: Reading[] = [];
  for (const line of lines) {
    const i = nearestIndex(line.series.x, x);
    if (i < 0) continue;
    const value = line.series.value[i] ?? NaN;
    readings.push({
      line,
      x: line.series.x[i] ?? NaN,
      value,
      smoothed: line.drawn.raw ? (line.drawn.main[i] ?? null) : null,
      low: line.series.min?.[i] ?? null,
      high: line.series.max?.[i] ?? null,
    });
  }
  return readings;
}
