import { useEffect, useMemo, useRef, useState, type JSX, type KeyboardEvent } from 'react';
import { createPortal } from 'react-dom';

import type { SeriesFeed, SeriesWish } from '../api/series_feed';
import { useSeries } from '../api/use_series';
import { Icon } from '../components/icon';
import { useTheme } from '../components/theme';
import { useIsVisible, useWidth } from '../components/use_element';
import type { ChartSettings } from '../model/chart_settings';
import { formatNumber } from '../model/format';
import { displayKey, sectionOf } from '../model/key_path';
import { colourAt } from '../model/palette';
import { formatX, xKind, xName } from './axis';
import { makeLine, readingsAt, type ChartLine, type Reading } from './chart_line';
import { Plot, type Range } from './plot';

export interface ChartRun {
  /** entity/project/run, as the routes take it. */
  path: string;
  label: string;
  /** A place in the palette. */
  colour: number;
}

interface ChartPanelProps {
  metric: string;
  runs: readonly ChartRun[];
  x: string;
  settings: ChartSettings;
  feed: SeriesFeed;
  syncGroup: string;
}

/** Axes that the toolbar does not already name for all charts. */
function isOwnAxis(x: string): boolean {
  return xKind(x) === 'number';
}

/** Widths are rounded up to this, so that resizing a window does not read everything again. */
const widthStep = 100;

/** A metric's chart: its name, the value under the crosshair, and the lines of its runs. */
export function ChartPanel(props: ChartPanelProps): JSX.Element {
  const { metric, x } = props;
  const [visibleRef, isVisible] = useIsVisible(300);
  const [isLarge, setLarge] = useState(false);
  const [zoom, setZoom] = useState<{ x: string; range: Range } | null>(null);
  const readout = useRef<HTMLSpanElement>(null);
  const [flagsPlace, setFlagsPlace] = useState<HTMLElement | null>(null);
  const range = zoom?.x === x ? zoom.range : null;
  const { title } = sectionOf(metric);
  return (
    <figure
      className={isLarge ? 'chart chart-large' : 'chart'}
      ref={visibleRef}
      data-metric={metric}
      aria-label={displayKey(metric)}
    >
      <figcaption className="chart-head">
        <span className="chart-title" title={displayKey(metric)}>
          {title}
        </span>
        {isOwnAxis(x) && <span className="chart-axis">by {xName(x)}</span>}
        <span className="chart-flags" ref={setFlagsPlace} />
        <span className="chart-readout" ref={readout} />
        <span className="chart-actions">
          {range && (
            <button
              className="icon-button"
              title="Reset zoom (double-click)"
              onClick={() => setZoom(null)}
            >
              <Icon name="reset" size={14} />
            </button>
          )}
          <button
            className="icon-button chart-expand"
            title={isLarge ? 'Make smaller' : 'Make larger'}
            aria-pressed={isLarge}
            onClick={() => setLarge(!isLarge)}
          >
            <Icon name={isLarge ? 'shrink' : 'expand'} size={14} />
          </button>
        </span>
      </figcaption>
      {isVisible ? (
        <ChartBody
          {...props}
          range={range}
          flagsPlace={flagsPlace}
          onZoom={(next) => setZoom(next && { x, range: next })}
          onRead={(readings) => showReadout(readout.current, readings, x)}
        />
      ) : (
        <div className="chart-body" />
      )}
    </figure>
  );
}

/** Written into the page directly: it changes with every movement of the pointer. */
function showReadout(element: HTMLElement | null, readings: readonly Reading[], x: string): void {
  if (!element) return;
  const [only] = readings;
  element.textContent =
    only && readings.length === 1
      ? `${formatX(xKind(x), only.x)} · ${formatNumber(only.smoothed ?? only.value)}`
      : '';
}

interface ChartBodyProps extends ChartPanelProps {
  flagsPlace: HTMLElement | null;
  range: Range | null;
  onZoom: (range: Range | null) => void;
  onRead: (readings: readonly Reading[]) => void;
}

function ChartBody(props: ChartBodyProps): JSX.Element {
  const { metric, runs, x, settings, feed, range, syncGroup } = props;
  const { isDark } = useTheme();
  const [widthRef, width] = useWidth();
  const points = Math.max(widthStep, Math.ceil(width / widthStep) * widthStep);

  const wholeWishes = useWishes(runs, metric, x, null, points);
  const zoomedWishes = useWishes(runs, metric, x, range, points);
  const states = useSeries(feed, zoomedWishes, width > 0);
  const lines = useMemo(() => {
    const options = { smoothing: settings.smoothing, isLog: settings.isLog };
    return runs.flatMap((run, i) => {
      // Until the zoomed range has arrived, the coarse line of the whole range is shown.
      const coarse = wholeWishes[i] ? feed.peek(wholeWishes[i]).series : null;
      const series = states[i]?.series ?? coarse;
      if (!series) return [];
      const line = { id: run.path, label: run.label, colour: colourAt(run.colour, isDark) };
      return [makeLine(line, series, options)];
    });
  }, [runs, isDark, feed, wholeWishes, states, settings.smoothing, settings.isLog]);
  const error = states.find((state) => state.error !== null)?.error ?? null;
  const isWaiting = lines.length === 0 && error === null;
  return (
    <div className="chart-body" ref={widthRef}>
      {width > 0 && lines.length > 0 && (
        <LinePlot
          lines={lines}
          x={x}
          isLog={settings.isLog}
          isDark={isDark}
          range={range}
          syncGroup={`${syncGroup} ${x}`}
          onZoom={props.onZoom}
          onRead={props.onRead}
        />
      )}
      {isWaiting && <div className="chart-waiting" aria-label="Loading" />}
      {error !== null && <ChartNote text={error} onRetry={() => feed.noteAll(null)} />}
      {lines.length > 0 && lines.every((line) => line.series.x.length === 0) && (
        <ChartNote text="No values in this range" />
      )}
      {props.flagsPlace &&
        createPortal(<DataFlags lines={lines} isLog={settings.isLog} />, props.flagsPlace)}
    </div>
  );
}

function useWishes(
  runs: readonly ChartRun[],
  key: string,
  x: string,
  range: Range | null,
  points: number,
): SeriesWish[] {
  const min = range?.min ?? null;
  const max = range?.max ?? null;
  return useMemo(
    () => runs.map((run) => ({ run: run.path, key, x, min, max, points })),
    [runs, key, x, min, max, points],
  );
}

interface DataFlagsProps {
  lines: readonly ChartLine[];
  isLog: boolean;
}

/** Values that no line can show are counted in the chart's head, never left out in silence. */
function DataFlags({ lines, isLog }: DataFlagsProps): JSX.Element {
  const count = (kind: string): number =>
    lines.reduce((sum, line) => sum + line.drawn.marks.filter((m) => m.kind === kind).length, 0);
  const hidden = isLog ? lines.reduce((sum, line) => sum + line.drawn.hiddenByLog, 0) : 0;
  const flags = [
    [count('nan'), 'NaN'],
    [count('inf'), '∞'],
    [count('-inf'), '−∞'],
    [hidden, '≤ 0'],
  ] as const;
  return (
    <>
      {flags.map(([n, name]) =>
        n === 0 ? null : (
          <span className="chart-flag" key={name} title={`${n} points are ${name}`}>
            {name} × {n}
          </span>
        ),
      )}
    </>
  );
}

function ChartNote({ text, onRetry }: { text: string; onRetry?: () => void }): JSX.Element {
  return (
    <div className="chart-note">
      <span>{text}</span>
      {onRetry && (
        <button className="button button-small" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

interface LinePlotProps {
  lines: readonly ChartLine[];
  x: string;
  isLog: boolean;
  isDark: boolean;
  range: Range | null;
  syncGroup: string;
  onZoom: (range: Range | null) => void;
  onRead: (readings: readonly Reading[]) => void;
}

function LinePlot(props: LinePlotProps): JSX.Element {
  const { lines, x, isLog, isDark, range, syncGroup } = props;
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const latest = useRef(props);
  const [cursor, setCursor] = useState<{ x: number; left: number } | null>(null);
  const isHovered = useRef(false);

  useEffect(() => {
    latest.current = props;
  });
  useEffect(() => {
    const element = host.current;
    if (!element) return undefined;
    const made = new Plot(element, {
      onZoom: (next) => latest.current.onZoom(next),
      onCursor: (at, left) => {
        latest.current.onRead(at === null ? [] : readingsAt(latest.current.lines, at));
        setCursor(at !== null && isHovered.current ? { x: at, left } : null);
      },
    });
    plot.current = made;
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, []);
  useEffect(() => {
    plot.current?.draw(lines, { xKind: xKind(x), isLog, isDark, syncGroup }, range);
  }, [lines, x, isLog, isDark, syncGroup, range]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by !== 0) {
      isHovered.current = true;
      plot.current?.moveCursor(event.shiftKey ? by * 10 : by);
      event.preventDefault();
    } else if (event.key === 'Escape') props.onZoom(null);
  };
  return (
    <div
      className="chart-plot"
      tabIndex={0}
      role="application"
      aria-label="Chart. Arrow keys move the crosshair, Escape resets the zoom."
      onPointerMove={() => (isHovered.current = true)}
      onPointerLeave={() => {
        isHovered.current = false;
        setCursor(null);
      }}
      onBlur={() => {
        isHovered.current = false;
        setCursor(null);
      }}
      onKeyDown={onKeyDown}
    >
      <div className="chart-canvas" ref={host} />
      {cursor && <ChartTooltip cursor={cursor} lines={lines} x={x} />}
    </div>
  );
}

const mostTooltipRows = 12;

function ChartTooltip({
  cursor,
  lines,
  x,
}: {
  cursor: { x: number; left: number };
  lines: readonly ChartLine[];
  x: string;
}): JSX.Element {
  const readings = readingsAt(lines, cursor.x);
  readings.sort((a, b) => (b.smoothed ?? b.value) - (a.smoothed ?? a.value));
  const isRight = cursor.left > 180;
  return (
    <div
      className={isRight ? 'tooltip tooltip-left' : 'tooltip'}
      style={{ left: cursor.left }}
      role="status"
    >
      <div className="tooltip-x">
        {xName(x)} <b>{formatX(xKind(x), readings[0]?.x ?? cursor.x)}</b>
      </div>
      {readings.slice(0, mostTooltipRows).map((reading) => (
        <div className="tooltip-row" key={reading.line.id}>
          <span className="dot" style={{ background: reading.line.colour }} />
          <span className="tooltip-name">{reading.line.label}</span>
          <span className="tooltip-value">
            {formatNumber(reading.smoothed ?? reading.value, 6)}
          </span>
          <TooltipDetail reading={reading} />
        </div>
      ))}
      {readings.length > mostTooltipRows && (
        <div className="tooltip-more">and {readings.length - mostTooltipRows} more</div>
      )}
    </div>
  );
}

function TooltipDetail({ reading }: { reading: Reading }): JSX.Element | null {
  const { smoothed, value, low, high } = reading;
  const parts: string[] = [];
  if (smoothed !== null) parts.push(`raw ${formatNumber(value)}`);
  if (low !== null && high !== null && low !== high) {
    parts.push(`${formatNumber(low)} … ${formatNumber(high)}`);
  }
  return parts.length === 0 ? null : <span className="tooltip-detail">{parts.join(' · ')}</span>;
}
