export type KeyType = 'number' | 'string' | 'bool' | 'media' | 'other' | 'mixed';

export interface HistoryKey {
  name: string;
  type: KeyType;
  count: number;
  lastStep: number;
}

/** What define_metric said: how keys of a name, or of a glob, are to be shown. */
export interface MetricDefinition {
  name: string;
  isGlob: boolean;
  stepMetric: string | null;
  isHidden: boolean;
}

/** The recorder's own columns; they are axes, not charts. */
const ownKeys = new Set(['_step', '_runtime', '_timestamp', '_wandb']);

export function definitionOf(
  key: string,
  definitions: readonly MetricDefinition[],
): MetricDefinition | undefined {
  const exact = definitions.find((d) => !d.isGlob && d.name === key);
  return exact ?? definitions.find((d) => d.isGlob && globMatches(d.name, key));
}

function globMatches(glob: string, key: string): boolean {
  return key.startsWith(glob.replace(/\*$/, ''));
}

/** Keys that get a chart: numbers, not the recorder's own, not hidden. */
export function chartedKeys(
  keys: readonly HistoryKey[],
  definitions: readonly MetricDefinition[],
): string[] {
  return keys
    .filter((key) => key.type === 'number' || key.type === 'mixed' || key.type === 'bool')
    .filter((key) => !ownKeys.has(key.name) && !key.name.startsWith('_wandb.'))
    .filter((key) => !definitionOf(key.name, definitions)?.isHidden)
    .map((key) => key.name);
}

/** The x of a chart. `auto` is the metric's own step metric if it defined one, else the step. */
export function xOf(key: string, chosen: string, definitions: readonly MetricDefinition[]): string {
  if (chosen !== 'auto') return chosen;
  return definitionOf(key, definitions)?.stepMetric ?? '_step';
}
