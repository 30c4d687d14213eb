import uPlot from 'uplot';

import { formatTick } from '../model/format';
import type { DrawnLine, Mark } from '../model/series';
import { formatXTick, xIncrements, type XKind } from './axis';
import type { ChartLine } from './chart_line';

export interface Range {
  min: number;
  max: number;
}

/** What decides the shape of a plot; when it changes, the plot is built anew. */
export interface PlotShape {
  xKind: XKind;
  isLog: boolean;
  isDark: boolean;
  syncGroup: string;
}

export interface PlotEvents {
  onZoom: (range: Range | null) => void;
  /** The crosshair moved to x, `left` pixels from the chart's left edge; null when it left. */
  onCursor: (x: number | null, left: number) => void;
}

const colours = {
  light: { text: '#7b756c', grid: '#eeebe5', axis: '#d9d4cb' },
  dark: { text: '#8f8a82', grid: '#292724', axis: '#3a3733' },
};

const font = '11px "Inter Variable", system-ui, sans-serif';
const markSize = 4;

/** The series of one line, in the order they are drawn. */
type Part = 'max' | 'min' | 'raw' | 'main';

function partsOf(drawn: DrawnLine): Part[] {
  return [
    ...(drawn.max && drawn.min ? (['max', 'min'] as const) : []),
    ...(drawn.raw ? (['raw'] as const) : []),
    'main',
  ];
}

/** Lines with their own x each, aligned as uPlot wants them. */
function alignedData(lines: readonly ChartLine[]): uPlot.AlignedData {
  const tables = lines.map(({ drawn }) => [
    drawn.x as unknown as number[],
    ...partsOf(drawn).map((part) => drawn[part] ?? []),
  ]) as uPlot.AlignedData[];
  const [only] = tables;
  if (!only) return [[]];
  return tables.length === 1 ? only : uPlot.join(tables);
}

/** Draws lines on a canvas by uPlot. It knows nothing about runs, reading or the page. */
export class Plot {
  private readonly host: HTMLElement;
  private readonly events: PlotEvents;
  private plot: uPlot | null = null;
  private structure = '';
  private lines: readonly ChartLine[] = [];
  private zoom: Range | null = null;

  constructor(host: HTMLElement, events: PlotEvents) {
    this.host = host;
    this.events = events;
  }

  draw(lines: readonly ChartLine[], shape: PlotShape, zoom: Range | null): void {
    this.lines = lines;
    this.zoom = zoom;
    const structure = JSON.stringify([
      shape,
      lines.map((line) => [line.id, line.colour, ...partsOf(line.drawn)]),
    ]);
    const data = alignedData(lines);
    if (this.plot && structure === this.structure) {
      this.plot.setData(data);
      return;
    }
    this.structure = structure;
    this.plot?.destroy();
    this.plot = new uPlot(this.options(lines, shape), data, this.host);
  }

  resize(): void {
    const size = this.size();
    if (this.plot && (this.plot.width !== size.width || this.plot.height !== size.height)) {
      this.plot.setSize(size);
    }
  }

  /** Moves the crosshair by whole points of the first line, for the keyboard. */
  moveCursor(by: number): void {
    const plot = this.plot;
    const x = plot?.data[0];
    if (!plot || !x || x.length === 0) return;
    const at = plot.cursor.idx ?? (by > 0 ? -1 : x.length);
    const next = Math.min(x.length - 1, Math.max(0, at + by));
    plot.setCursor({ left: plot.valToPos(x[next] ?? 0, 'x'), top: plot.over.clientHeight / 2 });
  }

  destroy(): void {
    this.plot?.destroy();
    this.plot = null;
  }

  private size(): { width: number; height: number } {
    return {
      width: Math.max(80, this.host.clientWidth),
      height: Math.max(60, this.host.clientHeight),
    };
  }

  private options(lines: readonly ChartLine[], shape: PlotShape): uPlot.Options {
    const { series, bands } = seriesOf(lines);
    const increments = xIncrements(shape.xKind);
    const theme = shape.isDark ? colours.dark : colours.light;
    const axis = {
      font,
      stroke: theme.text,
      grid: { stroke: theme.grid, width: 1 },
      ticks: { show: false },
    };
    return {
      ...this.size(),
      padding: [8, 10, 0, 0],
      legend: { show: false },
      focus: { alpha: 1 },
      series: [{}, ...series],
      bands,
      scales: {
        x: {
          time: shape.xKind === 'time',
          range: (_plot, min, max) => this.xRange(min, max),
        },
        y: shape.isLog
          ? { distr: 3, range: (_plot, min, max) => logRange(min, max) }
          : { range: (_plot, min, max) => yRange(min, max) },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          border: { show: true, stroke: theme.axis, width: 1 },
          size: 26,
          gap: 6,
          space: 64,
          ...(increments ? { incrs: increments } : {}),
          values: (_plot, ticks, _axis, _space, increment) =>
            ticks.map((tick) => formatXTick(shape.xKind, tick, increment)),
        },
        {
          ...axis,
          grid: { ...axis.grid, ...(shape.isLog ? { filter: powersOfTen } : {}) },
          gap: 6,
          space: 34,
          size: yAxisSize,
          values: (_plot, ticks) => ticks.map((tick) => (tick === null ? '' : formatTick(tick))),
        },
      ],
      cursor: this.cursor(lines, shape.syncGroup, theme.text),
      hooks: {
        draw: [
          (plot) => drawMarks(plot, this.lines),
          // How far the picture reaches: the end-to-end tests time it, and it helps when debugging.
          () => (this.host.dataset['drawnTo'] = String(lastX(this.lines))),
        ],
        setSelect: [(plot) => this.takeSelection(plot)],
        setCursor: [(plot) => this.takeCursor(plot)],
      },
    };
  }

  private xRange(min: number | null, max: number | null): uPlot.Range.MinMax {
    if (this.zoom) return [this.zoom.min, this.zoom.max];
    if (min === null || max === null) return [0, 1];
    return min === max ? [min - 0.5, max + 0.5] : [min, max];
  }

  private cursor(lines: readonly ChartLine[], group: string, stroke: string): uPlot.Cursor {
    const colourOf = lines.flatMap((line) =>
      partsOf(line.drawn).map((part) => (part === 'main' ? line.colour : null)),
    );
    return {
      y: false,
      drag: { x: true, y: false, setScale: false, dist: 4 },
      sync: {
        key: group,
        scales: ['x', null],
        filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave' },
      },
      points: {
        show: (_plot: uPlot, index: number) => pointElement(colourOf[index - 1] ?? null) as never,
        size: 7,
        stroke: () => stroke,
      },
      bind: {
        dblclick: () => () => {
          this.events.onZoom(null);
          return null;
        },
      },
    };
  }

  private takeSelection(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 4) return;
    const range = { min: plot.posToVal(left, 'x'), max: plot.posToVal(left + width, 'x') };
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    if (range.max > range.min) this.events.onZoom(range);
  }

  private takeCursor(plot: uPlot): void {
    const left = plot.cursor.left ?? -1;
    if (left < 0) this.events.onCursor(null, 0);
    else this.events.onCursor(plot.posToVal(left, 'x'), left + plot.bbox.left / devicePixelRatio);
  }
}

/** The data with a little air; an edge at zero stays at zero, since nothing lies beyond it. */
export function yRange(min: number | null, max: number | null): uPlot.Range.MinMax {
  if (min === null || max === null) return [0, 1];
  const air = min === max ? Math.abs(min) * 0.1 || 1 : (max - min) * 0.06;
  const low = min >= 0 && min < air ? 0 : min - air;
  const high = max <= 0 && -max < air ? 0 : max + air;
  return [low, high];
}

/** The data between ticks: 1780 to 1900 becomes 1000 to 2000, not 1000 to 10,000. */
function logRange(min: number | null, max: number | null): uPlot.Range.MinMax {
  if (min === null || max === null) return [1, 10];
  const decade = (value: number): number => 10 ** Math.floor(Math.log10(value));
  const low = Math.floor(min / decade(min)) * decade(min);
  const high = Math.ceil(max / decade(max)) * decade(max);
  return low < high ? [low, high] : [low / 2, high * 2];
}

/** Over many decades only the decades get a line; over few, every tick. */
function powersOfTen(_plot: uPlot, ticks: number[]): (number | null)[] {
  const [first = 1, last = 1] = [ticks[0], ticks[ticks.length - 1]];
  if (last / first < 100) return ticks;
  return ticks.map((tick) => (Math.abs(Math.log10(tick) % 1) < 1e-6 ? tick : null));
}

/** Room for the widest label; most are short, so charts of one column usually line up. */
function yAxisSize(_plot: uPlot, values: string[] | null): number {
  const widest = (values ?? []).reduce((most, text) => Math.max(most, text.length), 0);
  return Math.max(40, 14 + widest * 6.6);
}

function seriesOf(lines: readonly ChartLine[]): { series: uPlot.Series[]; bands: uPlot.Band[] } {
  const series: uPlot.Series[] = [];
  const bands: uPlot.Band[] = [];
  for (const { drawn, colour } of lines) {
    for (const part of partsOf(drawn)) {
      if (part === 'min') {
        // uPlot counts x as series 0; the maximum stands just before the minimum.
        bands.push({
          series: [series.length, series.length + 1],
          fill: `${colour}${lines.length > 1 ? '18' : '28'}`,
        });
      }
      series.push(seriesOfPart(part, colour));
    }
  }
  return { series, bands };
}

function seriesOfPart(part: Part, colour: string): uPlot.Series {
  switch (part) {
    case 'main':
      return { stroke: colour, width: 1.6, points: { size: 4, fill: colour } };
    case 'raw':
      return { stroke: `${colour}55`, width: 1, points: { show: false } };
    default:
      return { stroke: `${colour}00`, width: 0, points: { show: false } };
  }
}

function pointElement(colour: string | null): HTMLElement | null {
  if (colour === null) return null;
  const dot = document.createElement('div');
  dot.className = 'u-cursor-pt chart-dot';
  dot.style.background = colour;
  return dot;
}

function lastX(lines: readonly ChartLine[]): number {
  return Math.max(-Infinity, ...lines.map(({ drawn }) => drawn.x[drawn.x.length - 1] ?? -Infinity));
}

/** NaN as a cross on the lower edge, infinities as triangles on the edge they point past. */
function drawMarks(plot: uPlot, lines: readonly ChartLine[]): void {
  const { ctx } = plot;
  ctx.save();
  for (const { drawn, colour } of lines) {
    let lastAt = -Infinity;
    ctx.strokeStyle = colour;
    ctx.fillStyle = colour;
    ctx.lineWidth = 1.5 * devicePixelRatio;
    for (const mark of drawn.marks) {
      const at = Math.round(plot.valToPos(mark.x, 'x', true));
      if (at < plot.bbox.left || at > plot.bbox.left + plot.bbox.width) continue;
      if (at - lastAt < devicePixelRatio) continue;
      lastAt = at;
      drawMark(plot, mark.kind, at);
    }
  }
  ctx.restore();
}

function drawMark(plot: uPlot, kind: Mark['kind'], x: number): void {
  const { ctx, bbox } = plot;
  const r = markSize * devicePixelRatio;
  const y = kind === 'inf' ? bbox.top + r : bbox.top + bbox.height - r - 1;
  ctx.beginPath();
  if (kind === 'nan') {
    ctx.moveTo(x - r * 0.75, y - r * 0.75);
    ctx.lineTo(x + r * 0.75, y + r * 0.75);
    ctx.moveTo(x + r * 0.75, y - r * 0.75);
    ctx.lineTo(x - r * 0.75, y + r * 0.75);
    ctx.stroke();
    return;
  }
  const tip = kind === 'inf' ? -r : r;
  ctx.moveTo(x, y + tip);
  ctx.lineTo(x - r, y - tip);
  ctx.lineTo(x + r, y - tip);
  ctx.fill();
}
