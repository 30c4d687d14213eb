import type { ChartSearch } from '../model/chart_settings';

/** Search parameters as plain `name=value`, repeated for lists: readable, and stable in links. */
export type Params = Record<string, string | string[] | undefined>;

export function parseSearch(text: string): Record<string, unknown> {
  const params: Params = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const before = params[name];
    if (before === undefined) params[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else params[name] = [before, value];
  }
  return params;
}

export function stringifySearch(params: Record<string, unknown>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined && item !== null) search.append(name, String(item));
    }
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

function textOf(value: unknown): string | undefined {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' ? first : undefined;
}

function chartSearch(params: Record<string, unknown>): ChartSearch {
  return clean({
    x: textOf(params['x']),
    smooth: textOf(params['smooth']),
    log: textOf(params['log']),
    metrics: textOf(params['metrics']),
  });
}

function clean<T extends object>(params: T): T {
  return Object.fromEntries(Object.entries(params).filter(([, v]) => v !== undefined)) as T;
}

export type RunTab = 'charts' | 'overview' | 'logs' | 'files' | 'alerts';
export const runTabs: readonly RunTab[] = ['charts', 'overview', 'logs', 'files', 'alerts'];

export interface RunSearch extends ChartSearch {
  tab?: RunTab;
  file?: string;
  /** The page is in a notebook; kept in the address, since only that address may be framed. */
  jupyter?: 'true';
}

export function readRunSearch(params: Record<string, unknown>): RunSearch {
  const tab = textOf(params['tab']);
  return clean({
    ...chartSearch(params),
    tab: runTabs.find((known) => known === tab),
    file: textOf(params['file']),
    jupyter: textOf(params['jupyter']) === 'true' ? ('true' as const) : undefined,
  });
}

export interface ProjectSearch extends ChartSearch {
  /** Runs in the charts; absent = the newest ones. `none` = no run. */
  runs?: string[];
  q?: string;
  sort?: string;
}

export function readProjectSearch(params: Record<string, unknown>): ProjectSearch {
  const runs = params['runs'];
  const names = Array.isArray(runs) ? runs.map(String) : typeof runs === 'string' ? [runs] : null;
  return clean({
    ...chartSearch(params),
    runs: names ?? undefined,
    q: textOf(params['q']),
    sort: textOf(params['sort']),
  });
}
