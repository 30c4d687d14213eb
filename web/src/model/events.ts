import { severityOf, type AlertNote } from './alert';
import { isObject, parseJson, type JsonValue } from './json_value';

/** What /api/events tells; `resync` asks for a fresh read of everything. */
export type LiveEvent =
  | { kind: 'hello' }
  | { kind: 'resync' }
  | { kind: 'rows'; run: string; rows: number; lastStep: number; newKeys: string[] }
  | {
      kind: 'run';
      run: string;
      state: string | null;
      displayName: string | null;
      heartbeatAt: string | null;
      summary: Map<string, JsonValue>;
    }
  | { kind: 'config'; run: string }
  | { kind: 'console'; run: string; lines: [number, string][] }
  | { kind: 'files'; run: string; names: string[] }
  | { kind: 'alert'; run: string; alert: AlertNote };

export const eventKinds = [
  'hello',
  'resync',
  'rows',
  'run',
  'config',
  'console',
  'files',
  'alert',
] as const;

/** Throws SyntaxError for data that is not JSON. */
export function parseEvent(kind: (typeof eventKinds)[number], data: string): LiveEvent {
  const value = parseJson(data);
  const field = (name: string): JsonValue | undefined =>
    isObject(value) ? value.get(name) : undefined;
  const text = (name: string): string | null => {
    const found = field(name);
    return typeof found === 'string' ? found : null;
  };
  const count = (name: string): number => Number(field(name) ?? -1);
  const list = (name: string): JsonValue[] => {
    const found = field(name);
    return Array.isArray(found) ? found : [];
  };
  const run = text('run') ?? '';
  switch (kind) {
    case 'hello':
    case 'resync':
      return { kind };
    case 'rows':
      return {
        kind,
        run,
        rows: count('rows'),
        lastStep: count('last_step'),
        newKeys: list('new_keys').map(String),
      };
    case 'run': {
      const summary = field('summary');
      return {
        kind,
        run,
        state: text('state'),
        displayName: text('display_name'),
        heartbeatAt: text('heartbeat_at'),
        summary: isObject(summary) ? summary : new Map(),
      };
    }
    case 'config':
      return { kind, run };
    case 'console':
      return { kind, run, lines: list('lines').map(consoleEntry) };
    case 'files':
      return { kind, run, names: list('names').map(String) };
    case 'alert': {
      const alert = {
        id: text('id') ?? '',
        title: text('title') ?? '',
        severity: severityOf(text('severity')),
        isRepeated: field('repeated') === true,
      };
      return { kind, run, alert };
    }
  }
}

function consoleEntry(entry: JsonValue): [number, string] {
  return Array.isArray(entry) ? [Number(entry[0]), String(entry[1])] : [-1, ''];
}
