import { displayKey } from '../model/key_path';
import { formatDuration, formatNumber, formatTick, formatTime } from '../model/format';

/** How an x axis reads. */
export type XKind = 'step' | 'duration' | 'time' | 'number';

export function xKind(x: string): XKind {
  switch (x) {
    case '_step':
      return 'step';
    case '_runtime':
      return 'duration';
    case '_timestamp':
      return 'time';
    default:
      return 'number';
  }
}

export function xName(x: string): string {
  switch (x) {
    case '_step':
      return 'Step';
    case '_runtime':
      return 'Relative time';
    case '_timestamp':
      return 'Wall time';
    default:
      return displayKey(x);
  }
}

export function formatX(kind: XKind, value: number): string {
  switch (kind) {
    case 'duration':
      return formatDuration(value);
    case 'time':
      return formatTime(value * 1000);
    default:
      return formatNumber(value);
  }
}

/** A label under a tick; `increment` is the distance to the next one. */
export function formatXTick(kind: XKind, value: number, increment: number): string {
  switch (kind) {
    case 'duration':
      return formatDuration(value);
    case 'time':
      return formatTimeTick(value, increment);
    default:
      return formatTick(value);
  }
}

/** Only as much of the time as tells one tick from the next; midnight shows its day. */
function formatTimeTick(secs: number, increment: number): string {
  const time = formatTime(secs * 1000);
  const [day, clock] = [time.slice(5, 10), time.slice(11)];
  if (increment >= 86_400 || clock === '00:00:00') return day;
  return increment >= 60 ? clock.slice(0, 5) : clock;
}

/** Distances between ticks: whole steps; seconds, minutes and hours for time. */
export function xIncrements(kind: XKind): number[] | undefined {
  if (kind === 'step') {
    return Array.from({ length: 16 }, (_, power) => [1, 2, 5].map((n) => n * 10 ** power)).flat();
  }
  if (kind === 'duration') {
    const minutes = [1, 2, 5, 10, 20, 30].map((n) => n * 60);
    const hours = [1, 2, 4, 8, 12, 24, 48, 120, 240, 480, 1200, 2400].map((n) => n * 3600);
    return [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, ...minutes, ...hours];
  }
  return undefined;
}
