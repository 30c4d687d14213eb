import { formatAgo, formatDuration, formatTime, formatValue } from './format';
import type { JsonValue } from './json_value';
import { displayKey } from './key_path';
import { durationSecs, userLeaves, type Run } from './run';

/** A run with its config and summary as leaves by path: what a table's row reads from. */
export interface RunRow {
  run: Run;
  config: Map<string, JsonValue>;
  summary: Map<string, JsonValue>;
}

export type ColumnGroup = 'run' | 'config' | 'summary';

export interface RunColumn {
  id: string;
  group: ColumnGroup;
  label: string;
  /** What the server sorts by; null if it cannot. */
  order: string | null;
  width: number;
  isNumeric: boolean;
}

export interface Cell {
  text: string;
  title: string;
}

export function toRow(run: Run): RunRow {
  return { run, config: userLeaves(run.config), summary: userLeaves(run.summary) };
}

const fixed: readonly RunColumn[] = [
  column('state', 'State', 'state', 112),
  column('created', 'Created', 'created_at', 112),
  column('duration', 'Duration', null, 100, true),
  column('tags', 'Tags', null, 160),
];

const optional: readonly RunColumn[] = [
  column('user', 'User', 'username', 110),
  column('group', 'Group', 'group', 120),
  column('jobType', 'Job type', 'job_type', 110),
  column('notes', 'Notes', null, 220),
  column('rows', 'Rows', null, 90, true),
];

function column(
  id: string,
  label: string,
  order: string | null,
  width: number,
  isNumeric = false,
): RunColumn {
  return { id, group: 'run', label, order, width, isNumeric };
}

/** Pixels for a text of that many letters, within reason. */
function widthFor(letters: number): number {
  return Math.round(Math.min(230, Math.max(88, 28 + letters * 7.4)));
}

/** A project may have thousands of keys; a table offers this many columns of each kind. */
const mostLeafColumns = 2000;

/** All columns the rows can fill: the run's own, then config, then summary, by name. */
export function columnsOf(rows: readonly RunRow[]): RunColumn[] {
  const leafColumns = (group: 'config' | 'summary', order: string): RunColumn[] => {
    const found = new Map<string, { isNumeric: boolean; longest: number }>();
    for (const row of rows) {
      for (const [path, value] of row[group]) {
        const before = found.get(path);
        const isNumeric = typeof value === 'number' || typeof value === 'bigint';
        found.set(path, {
          isNumeric: isNumeric && before?.isNumeric !== false,
          longest: Math.max(before?.longest ?? 0, formatValue(value).length),
        });
      }
    }
    return [...found]
      .sort(([a], [b]) => (displayKey(a) < displayKey(b) ? -1 : 1))
      .slice(0, mostLeafColumns)
      .map(([path, { isNumeric, longest }]) => ({
        id: `${group}:${path}`,
        group,
        label: displayKey(path),
        order: `${order}.${path}`,
        width: widthFor(Math.max(longest, displayKey(path).length + 2)),
        isNumeric,
      }));
  };
  return [
    ...fixed,
    ...optional,
    ...leafColumns('config', 'config'),
    ...leafColumns('summary', 'summary_metrics'),
  ];
}

/** Columns that are hidden until somebody asks for them: those no row fills. */
export function hiddenByDefault(columns: readonly RunColumn[], rows: readonly RunRow[]): string[] {
  return columns
    .filter(({ id }) => optional.some((c) => c.id === id))
    .filter(({ id }) => id === 'user' || id === 'rows' || !rows.some((row) => isFilled(row, id)))
    .map(({ id }) => id);
}

function isFilled(row: RunRow, id: string): boolean {
  return cellOf(row, id, 0).text !== '';
}

export function cellOf(row: RunRow, id: string, nowMs: number): Cell {
  const { run } = row;
  switch (id) {
    case 'state':
      return plain(run.state);
    case 'created':
      return { text: formatAgo(run.createdAtMs, nowMs), title: formatTime(run.createdAtMs) };
    case 'duration':
      return plain(formatDuration(Math.max(0, durationSecs(run, nowMs))));
    case 'tags':
      return plain(run.tags.join(', '));
    case 'user':
      return plain(run.username ?? '');
    case 'group':
      return plain(run.group ?? '');
    case 'jobType':
      return plain(run.jobType ?? '');
    case 'notes':
      return plain(run.notes ?? '');
    case 'rows':
      return plain(String(run.historyLineCount));
  }
  const colon = id.indexOf(':');
  const leaves = id.slice(0, colon) === 'config' ? row.config : row.summary;
  const value = leaves.get(id.slice(colon + 1));
  const text = formatValue(value);
  return { text, title: typeof value === 'number' ? String(value) : text };
}

function plain(text: string): Cell {
  return { text, title: text };
}
