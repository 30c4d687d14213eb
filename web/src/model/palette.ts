/** Colours of runs: apart from each other, and readable on both themes' cards. */
const light = [
  '#2f6fd0',
  '#e07020',
  '#1d9a6c',
  '#c8405a',
  '#8358c9',
  '#b98a10',
  '#1590ab',
  '#cf5aa0',
  '#6d7f22',
  '#a0603a',
];
const dark = [
  '#6ea3f5',
  '#f59a56',
  '#4cc795',
  '#f27d91',
  '#b393f0',
  '#e2ba4c',
  '#4fc3dc',
  '#f094c8',
  '#aebf5d',
  '#d69a72',
];

export const paletteSize = light.length;

export function colourAt(index: number, isDark: boolean): string {
  const colours = isDark ? dark : light;
  return colours[index % colours.length] ?? '#888888';
}

/** A name always starts from the same colour (FNV-1a), whatever page it is on. */
export function preferredColour(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) {
    hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0) % paletteSize;
}

/**
 * Palette places for runs that are seen together: each its preferred one if that is free, else
 * the next free one, so that up to `paletteSize` runs never share a colour.
 */
export function assignColours(names: readonly string[]): Map<string, number> {
  const taken = new Set<number>();
  const places = new Map<string, number>();
  for (const name of names) {
    let place = preferredColour(name);
    for (let tries = 0; taken.has(place) && tries < paletteSize; tries++) {
      place = (place + 1) % paletteSize;
    }
    taken.add(place);
    if (taken.size === paletteSize) taken.clear();
    places.set(name, place);
  }
  return places;
}
