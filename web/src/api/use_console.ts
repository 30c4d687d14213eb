import { useCallback, useEffect, useRef, useState } from 'react';

import type { Live } from './use_live';
import { fetchConsole, type RunName } from './queries';

const pageLines = 500;

export interface Console {
  total: number;
  /** The line's raw text, or undefined while it is on its way. */
  line: (number: number) => string | undefined;
  /** Tells which lines are in view, so that they are read. */
  show: (first: number, last: number) => void;
  error: string | null;
}

/** A run's console, read in pages as they come into view; live lines arrive as events. */
export function useConsole(of: RunName, live: Live, knownTotal: number): Console {
  const { entity, project, name } = of;
  const lines = useRef(new Map<number, string>());
  const pages = useRef(new Set<number>());
  const [total, setTotal] = useState(knownTotal);
  const [error, setError] = useState<string | null>(null);
  const [, redraw] = useState(0);

  const take = useCallback((entries: readonly [number, string][]) => {
    let last = -1;
    for (const [number, text] of entries) {
      lines.current.set(number, text);
      last = Math.max(last, number);
    }
    setTotal((before) => Math.max(before, last + 1));
    redraw((count) => count + 1);
  }, []);

  const readPage = useCallback(
    (page: number) => {
      if (pages.current.has(page)) return;
      pages.current.add(page);
      fetchConsole({ entity, project, name }, page * pageLines, pageLines).then(
        (answer) => {
          setTotal((before) => Math.max(before, answer.total));
          setError(null);
          take(answer.lines);
        },
        (cause: unknown) => {
          pages.current.delete(page);
          setError(cause instanceof Error ? cause.message : String(cause));
        },
      );
    },
    [entity, project, name, take],
  );

  useEffect(() => {
    readPage(0);
    return live.subscribe((event) => {
      if (event.kind === 'console') take(event.lines);
      if (event.kind === 'resync') {
        pages.current.clear();
        readPage(0);
      }
    });
    // Only `subscribe` matters of `live`, and it lives as long as the page.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [live.subscribe, readPage, take]);

  const show = useCallback(
    (first: number, last: number) => {
      const lastPage = Math.floor(Math.max(0, last) / pageLines);
      for (let page = Math.floor(Math.max(0, first) / pageLines); page <= lastPage; page++) {
        readPage(page);
      }
    },
    [readPage],
  );
  return { total, line: (number) => lines.current.get(number), show, error };
}

/** The whole console as one text, for saving. */
export async function readWholeConsole(of: RunName): Promise<string> {
  const parts: string[] = [];
  const most = 10_000;
  for (let first = 0; ; first += most) {
    const page = await fetchConsole(of, first, most);
    for (const [, text] of page.lines) parts.push(text);
    if (first + most >= page.total) break;
  }
  return parts.join('\n') + '\n';
}
