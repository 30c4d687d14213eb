import type { Series } from '../model/series';
import { ApiError, postJson } from './http';

export interface SeriesQuery {
  run: string;
  key: string;
  x: string;
  min: number | null;
  max: number | null;
  points: number;
  after: number | null;
}

export type SeriesAnswer = { series: Series; error: null } | { series: null; error: string };

/** The server refuses more in one request. */
export const maxQueriesPerRequest = 500;

/** Reads many series in one request; answers in the order of the queries. */
export async function fetchSeries(
  queries: readonly SeriesQuery[],
  signal?: AbortSignal,
): Promise<SeriesAnswer[]> {
  const response = await postJson('/api/series', { queries }, signal);
  return decodeSeries(await response.arrayBuffer());
}

interface HeaderEntry {
  count: number;
  points: number;
  sampled: boolean;
  last_step: number;
  columns: string[];
  offset: number;
  error: string | null;
}

/** The layout of docs/format/web-api.md: header length, JSON header, float64 columns. */
export function decodeSeries(buffer: ArrayBuffer): SeriesAnswer[] {
  if (buffer.byteLength < 4) throw new ApiError(0, 'The answer with chart data is cut short.');
  const headerLength = new DataView(buffer).getUint32(0, true);
  const headerText = new TextDecoder().decode(new Uint8Array(buffer, 4, headerLength));
  const header = JSON.parse(headerText) as { series: HeaderEntry[] };
  const start = 4 + headerLength;
  return header.series.map((entry) => {
    if (entry.error !== null) return { series: null, error: entry.error };
    const column = (name: string): Float64Array | null => {
      const index = entry.columns.indexOf(name);
      if (index < 0) return null;
      const from = start + entry.offset + index * entry.points * 8;
      // The server pads the header so that columns are aligned; a copy keeps us from relying on it.
      return new Float64Array(buffer.slice(from, from + entry.points * 8));
    };
    return {
      error: null,
      series: {
        x: column('x') ?? new Float64Array(),
        value: column(entry.sampled ? 'mean' : 'value') ?? new Float64Array(),
        min: column('min'),
        max: column('max'),
        count: entry.count,
        lastStep: entry.last_step,
      },
    };
  });
}
