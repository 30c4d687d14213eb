import { leaves } from './key_path';
import { isObject, parseJson, type JsonObject, type JsonValue } from './json_value';

export type RunState =
  'running' | 'finished' | 'failed' | 'crashed' | 'killed' | 'preempting' | 'preempted' | 'pending';

/** A run as lists and pages show it. Times are milliseconds since 1970. */
export interface Run {
  /** The server's opaque id, for mutations. */
  id: string;
  entity: string;
  project: string;
  /** The id in addresses; unique in the project. */
  name: string;
  displayName: string;
  state: RunState;
  createdAtMs: number;
  heartbeatAtMs: number;
  tags: readonly string[];
  group: string | null;
  jobType: string | null;
  notes: string | null;
  username: string | null;
  config: JsonObject;
  summary: JsonObject;
  historyLineCount: number;
}

type RunPlace = Pick<Run, 'entity' | 'project' | 'name'>;

/** entity/project/run, as request bodies and events name it. */
export function runPath(run: RunPlace): string {
  return [run.entity, run.project, run.name].join('/');
}

/** The same inside an address. */
export function runUrlPath(run: RunPlace): string {
  return [run.entity, run.project, run.name].map(encodeURIComponent).join('/');
}

/** A run writes while it is in one of these. */
export function isLive(state: RunState): boolean {
  return state === 'running' || state === 'preempting' || state === 'pending';
}

/** Seconds from the start to now, or to the last sign of life. */
export function durationSecs(run: Run, nowMs: number): number {
  return ((isLive(run.state) ? nowMs : run.heartbeatAtMs) - run.createdAtMs) / 1000;
}

/** The user's config: `{"lr":{"value":0.1}}` without the wrapping and the client's own `_wandb`. */
export function parseConfig(text: string | null): JsonObject {
  const config: JsonObject = new Map();
  for (const [key, entry] of parseObject(text)) {
    if (key === '_wandb') continue;
    config.set(key, isObject(entry) && entry.has('value') ? (entry.get('value') ?? null) : entry);
  }
  return config;
}

export function parseSummary(text: string | null): JsonObject {
  return parseObject(text);
}

function parseObject(text: string | null): JsonObject {
  const value = text ? parseJson(text) : null;
  return isObject(value) ? value : new Map();
}

/** Leaves by path, without the recorder's own (`_step`, `_runtime`, `_wandb`). */
export function userLeaves(object: JsonObject): Map<string, JsonValue> {
  const found = new Map<string, JsonValue>();
  for (const leaf of leaves(object)) {
    if (!leaf.path.startsWith('_')) found.set(leaf.path, leaf.value);
  }
  return found;
}
