import { isObject, jsonText } from './json_value';
import { formatTick } from './format';
import { userLeaves, type Run } from './run';

/** One upright line of a parallel-coordinates plot. */
export interface Axis {
  path: string;
  /** Where a run crosses it, from 0 (bottom) to 1 (top); a run without the value has none. */
  places: ReadonlyMap<string, number>;
  ticks: readonly { place: number; label: string }[];
}

const axesMax = 9;
const categoriesMax = 12;

/**
 * The config values in which the runs differ, and last the metric. Numbers stand on a scale from the
 * least to the greatest, logarithmic if they span more than two decades; all else in its order.
 */
export function parallelAxes(runs: readonly Run[], metric: string | null): Axis[] {
  const values = new Map<string, Map<string, unknown>>();
  for (const run of runs) {
    for (const [path, value] of userLeaves(run.config)) {
      if (!values.has(path)) values.set(path, new Map());
      values.get(path)?.set(run.name, value);
    }
  }
  const axes: Axis[] = [];
  for (const [path, found] of values) {
    const axis = axisOf(path, found);
    if (axis && axes.length < axesMax) axes.push(axis);
  }
  if (metric !== null) {
    const found = new Map<string, unknown>();
    for (const run of runs) {
      const value = userLeaves(run.summary).get(metric);
      if (typeof value === 'number' && Number.isFinite(value)) found.set(run.name, value);
    }
    const axis = axisOf(metric, found);
    if (axis) axes.push(axis);
  }
  return axes;
}

/** Null for what is the same in all runs, and for texts that are all different ones. */
function axisOf(path: string, values: ReadonlyMap<string, unknown>): Axis | null {
  const numbers = [...values.values()].filter(isPlainNumber);
  return numbers.length === values.size ? scale(path, values, numbers) : categories(path, values);
}

function isPlainNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function scale(
  path: string,
  values: ReadonlyMap<string, unknown>,
  numbers: readonly number[],
): Axis | null {
  const least = Math.min(...numbers);
  const greatest = Math.max(...numbers);
  if (!(least < greatest)) return null;
  const isLog = least > 0 && greatest / least > 100;
  const to = (value: number): number => (isLog ? Math.log(value) : value);
  const span = to(greatest) - to(least);
  const place = (value: number): number => (to(value) - to(least)) / span;
  const middle = isLog ? Math.sqrt(least * greatest) : (least + greatest) / 2;
  return {
    path,
    places: new Map([...values].map(([run, value]) => [run, place(value as number)])),
    ticks: [least, middle, greatest].map((value) => ({
      place: place(value),
      label: formatTick(value),
    })),
  };
}

function categories(path: string, values: ReadonlyMap<string, unknown>): Axis | null {
  const label = (value: unknown): string =>
    typeof value === 'string' ? value : jsonText(value as never);
  if ([...values.values()].some((value) => isObject(value as never))) return null;
  const labels = [...new Set([...values.values()].map(label))].sort();
  if (labels.length < 2 || labels.length > categoriesMax) return null;
  const place = (text: string): number => labels.indexOf(text) / (labels.length - 1);
  return {
    path,
    places: new Map([...values].map(([run, value]) => [run, place(label(value))])),
    ticks: labels.map((text) => ({ place: place(text), label: text })),
  };
}
