import { jsonText, type JsonValue } from './json_value';

const minus = '\u2212';

/** A number for reading: 4 to 5 significant digits, exponents only where they shorten. */
export function formatNumber(value: number | bigint, digits = 5): string {
  if (typeof value === 'bigint') return String(value).replace('-', minus);
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '\u221e' : `${minus}\u221e`;
  const size = Math.abs(value);
  let text: string;
  if (value === 0) text = '0';
  else if (Number.isInteger(value) && size < 1e6) text = String(value);
  else if (Number.isInteger(value) && size < 1e15) text = groupDigits(value);
  else if (size >= 1e6 && size < 10 ** Math.min(digits, 15)) text = groupDigits(Math.round(value));
  else if (size >= 1e6 || size < 1e-4) text = trimExponent(value.toExponential(digits - 1));
  else text = trimZeros(value.toPrecision(digits));
  return text.replace('-', minus);
}

function groupDigits(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, '\u2009');
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function trimExponent(text: string): string {
  const [mantissa = '', exponent = ''] = text.split('e');
  return `${trimZeros(mantissa)}e${exponent.replace('+', '').replace('-', minus)}`;
}

const siSteps: readonly [number, string][] = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
];

/** A label of an axis: short, SI letters from 10,000 up. */
export function formatTick(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e15 || (size !== 0 && size < 1e-3)) return formatNumber(value, 3);
  if (size >= 1e4) {
    for (const [unit, letter] of siSteps) {
      if (size >= unit) return formatNumber(value / unit, 4) + letter;
    }
  }
  return formatNumber(value, 4);
}

/** A length of time: 0.4 s, 12 s, 3 m 20 s, 2 h 5 m, 3 d 4 h. */
export function formatDuration(secs: number): string {
  if (!Number.isFinite(secs)) return '\u2013';
  if (secs < 0) return `${minus}${formatDuration(-secs)}`;
  if (secs < 10) return `${trimZeros(secs.toFixed(1))}s`;
  const whole = Math.round(secs);
  if (whole < 60) return `${whole}s`;
  const pairs: readonly [number, string, number, string][] = [
    [86_400, 'd', 3600, 'h'],
    [3600, 'h', 60, 'm'],
    [60, 'm', 1, 's'],
  ];
  for (const [big, bigName, small, smallName] of pairs) {
    if (whole < big) continue;
    const rest = Math.floor((whole % big) / small);
    return `${Math.floor(whole / big)}${bigName}${rest > 0 ? ` ${rest}${smallName}` : ''}`;
  }
  return `${whole}s`;
}

/** How long ago, for a table: "just now", "5m ago", "3d ago"; a date when it is over 30 days. */
export function formatAgo(atMs: number, nowMs: number): string {
  const secs = (nowMs - atMs) / 1000;
  if (!Number.isFinite(secs)) return '\u2013';
  if (secs < 45) return 'just now';
  if (secs < 3600) return `${Math.max(1, Math.round(secs / 60))}m ago`;
  if (secs < 86_400) return `${Math.round(secs / 3600)}h ago`;
  if (secs < 30 * 86_400) return `${Math.round(secs / 86_400)}d ago`;
  return new Date(atMs).toISOString().slice(0, 10);
}

/** A point in time in the reader's own zone, to the second. */
export function formatTime(atMs: number): string {
  const t = new Date(atMs);
  if (Number.isNaN(t.getTime())) return '\u2013';
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = `${t.getFullYear()}-${two(t.getMonth() + 1)}-${two(t.getDate())}`;
  return `${day} ${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let size = bytes;
  let unit = -1;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${units[unit] ?? ''}`;
}

export function formatCount(count: number, noun: string): string {
  return `${groupDigits(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** One line of text for a value in a table's cell or a tree's leaf. */
export function formatValue(value: JsonValue | undefined): string {
  if (value === undefined) return '';
  if (value === null) return 'null';
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return formatNumber(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'string':
      return value;
  }
  return jsonText(value).replace(/\s*\n\s*/g, ' ');
}
