import type { JSX } from 'react';

/** Line icons on a 16 pixel grid, drawn for these pages. */
const shapes = {
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.6 10.6 14 14',
  chevron: 'M6 4l4 4-4 4',
  down: 'M4 6l4 4 4-4',
  up: 'M4 10l4-4 4 4',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1',
  moon: 'M13.5 9.6A5.8 5.8 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.1 7.1Z',
  system: 'M2 3h12v8H2ZM6 14h4M8 11v3',
  pencil: 'M2.5 13.5l.7-3L10.5 3.2a1.4 1.4 0 0 1 2 0l.3.3a1.4 1.4 0 0 1 0 2L5.5 12.8Z',
  close: 'M4 4l8 8M12 4l-8 8',
  plus: 'M8 3v10M3 8h10',
  columns: 'M2.5 3h11v10h-11ZM6.2 3v10M9.8 3v10',
  expand: 'M9.5 2.5h4v4M13.5 2.5 9.2 6.8M6.5 13.5h-4v-4M2.5 13.5l4.3-4.3',
  shrink: 'M13.5 6.5h-4v-4M9.5 6.5l4-4M2.5 9.5h4v4M6.5 9.5l-4 4',
  download: 'M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11',
  reset: 'M3 8a5 5 0 1 0 1.5-3.5L3 6M3 2.5V6h3.5',
  file: 'M4 1.8h5L12.5 5.3v9H4ZM9 1.8V5.3h3.5',
  alert: 'M8 2 1.8 13.5h12.4ZM8 6.5v3.2M8 11.7v.1',
  check: 'M3 8.5 6.5 12 13 4.5',
  copy: 'M5.5 5.5h8v8h-8ZM3 10.5h-.5v-8h8V3',
  trash: 'M2.5 4.5h11M6 4.5v-2h4v2M4 4.5l.7 9h6.6l.7-9',
  sliders: 'M2 5h7M12 5h2M2 11h2M7 11h7M10.5 3.5v3M5.5 9.5v3',
  table: 'M2.5 3h11v10h-11ZM2.5 6.3h11M2.5 9.7h11M6 6.3V13',
  user: 'M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2.5 14a5.5 4.5 0 0 1 11 0',
  key: 'M5.5 13.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM7.7 8.3 13.5 2.5M11 5l2 2',
  wrap: 'M2.5 4h11M2.5 8h8.5a2 2 0 0 1 0 4H8M9.5 10.3 7.8 12l1.7 1.7M2.5 12h3',
} as const;

export type IconName = keyof typeof shapes;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }): JSX.Element {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      <path d={shapes[name]} />
    </svg>
  );
}

/** A standing stone with a rune: the product's mark. */
export function Logo({ size = 24 }: { size?: number }): JSX.Element {
  return (
    <svg className="logo" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <path
        className="logo-stone"
        d="M9.2 4.6C12 2.7 19.6 2.3 22.4 4.4c2.7 2 4.6 8.4 5 14 .4 5.6-1.2 9.6-3.4 10.4-4 1.3-12.8 1.3-16.4 0C4.8 27.8 4 22.7 4.5 17.8 5 12.6 6.7 6.3 9.2 4.6Z"
      />
      <path className="logo-rune" d="M13 25V7.5M13 8.5l7.2 4.6L13 17.7M15.6 16.2 21 24.5" />
    </svg>
  );
}
