import { useNavigate } from '@tanstack/react-router';
import { useMemo, useState, type JSX } from 'react';

import { displayKey } from '../model/key_path';
import { parallelAxes, type Axis } from '../model/parallel';
import type { Run } from '../model/run';
import { useWidth } from './use_element';

interface ParallelPlotProps {
  runs: readonly Run[];
  metric: string | null;
}

const height = 260;
const top = 34;
const bottom = height - 16;
const side = 56;
const axisWidthMin = 110;

/** A line for each run through its parameters to what came of them, which gives it its colour. */
export function ParallelPlot({ runs, metric }: ParallelPlotProps): JSX.Element | null {
  const axes = useMemo(() => parallelAxes(runs, metric), [runs, metric]);
  const [attach, measured] = useWidth();
  const [pointed, setPointed] = useState<string | null>(null);
  if (axes.length < 2) return null;
  const width = Math.max(measured, side * 2 + axisWidthMin * (axes.length - 1));
  const xOf = (index: number): number => side + ((width - 2 * side) * index) / (axes.length - 1);
  const drawn = runs.filter((run) => axes.filter(({ places }) => places.has(run.name)).length > 1);
  const inFront = drawn.find((run) => run.name === pointed);
  return (
    <section className="card parallel-card" aria-label="Parameters and result">
      <header className="card-head">
        <h2>Parameters</h2>
        <span className="quiet parallel-pointed">{inFront?.displayName ?? ''}</span>
      </header>
      <div className="parallel-scroll" ref={attach}>
        <svg className="parallel" width={width} height={height} role="img">
          <title>
            {`${drawn.length} runs over ${axes.map(({ path }) => displayKey(path)).join(', ')}`}
          </title>
          {axes.map(({ path }, index) => (
            <line key={path} x1={xOf(index)} x2={xOf(index)} y1={top} y2={bottom} />
          ))}
          {[...drawn.filter((run) => run !== inFront), ...(inFront ? [inFront] : [])].map((run) => (
            <RunLine
              key={run.name}
              run={run}
              axes={axes}
              xOf={xOf}
              result={axes[axes.length - 1]?.places.get(run.name) ?? null}
              isFaded={inFront !== undefined && inFront !== run}
              onPoint={setPointed}
            />
          ))}
          {axes.map((axis, index) => (
            <AxisLabels key={axis.path} axis={axis} x={xOf(index)} />
          ))}
        </svg>
      </div>
    </section>
  );
}

/** From one end of the last axis to the other; grey for a run that has no result. */
function strokeOf(result: number | null): string {
  if (result === null) return 'var(--text-faint)';
  return `color-mix(in oklab, var(--parallel-high) ${(result * 100).toFixed(0)}%, var(--parallel-low))`;
}

const yOf = (place: number): number => bottom - (bottom - top) * place;

function AxisLabels({ axis, x }: { axis: Axis; x: number }): JSX.Element {
  return (
    <g className="parallel-labels">
      <text className="parallel-name" x={x} y={16} textAnchor="middle">
        {displayKey(axis.path)}
      </text>
      {axis.ticks.map(({ place, label }) => (
        <text key={label} className="parallel-tick" x={x + 6} y={yOf(place) + 4}>
          {label}
        </text>
      ))}
    </g>
  );
}

interface RunLineProps {
  run: Run;
  axes: readonly Axis[];
  xOf: (index: number) => number;
  /** Where it ends, from 0 to 1; null if it does not come so far. */
  result: number | null;
  isFaded: boolean;
  onPoint: (name: string | null) => void;
}

function RunLine({ run, axes, xOf, result, isFaded, onPoint }: RunLineProps): JSX.Element {
  const navigate = useNavigate();
  const points = axes.flatMap(({ places }, index) => {
    const place = places.get(run.name);
    return place === undefined ? [] : [`${xOf(index).toFixed(1)},${yOf(place).toFixed(1)}`];
  });
  const params = { entity: run.entity, project: run.project, run: run.name };
  return (
    <g
      className={isFaded ? 'parallel-run parallel-faded' : 'parallel-run'}
      data-line={run.name}
      onPointerEnter={() => onPoint(run.name)}
      onPointerLeave={() => onPoint(null)}
      onClick={() => void navigate({ to: '/$entity/$project/runs/$run', params })}
    >
      <polyline className="parallel-reach" points={points.join(' ')} />
      <polyline points={points.join(' ')} style={{ stroke: strokeOf(result) }} />
    </g>
  );
}
