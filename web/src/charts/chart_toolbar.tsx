import type { JSX } from 'react';

import { SearchBox } from '../components/search_box';
import type { ChartSettings } from '../model/chart_settings';
import { displayKey } from '../model/key_path';

interface ChartToolbarProps {
  settings: ChartSettings;
  metrics: readonly string[];
  onChange: (settings: ChartSettings) => void;
}

const axes = [
  ['auto', 'Step'],
  ['_runtime', 'Relative time'],
  ['_timestamp', 'Wall time'],
] as const;

/** Longer menus than this are no help; any metric can still be named in the address. */
const mostAxes = 500;

/** What is drawn and how: search, x axis, smoothing, scale. */
export function ChartToolbar({ settings, metrics, onChange }: ChartToolbarProps): JSX.Element {
  const isKnown = axes.some(([x]) => x === settings.x) || metrics.includes(settings.x);
  return (
    <div className="toolbar" role="toolbar" aria-label="Charts">
      <SearchBox
        label="Search metrics"
        value={settings.search}
        onChange={(search) => onChange({ ...settings, search })}
      />
      <label className="field">
        <span>X axis</span>
        <select
          className="select"
          name="x-axis"
          value={settings.x}
          onChange={(event) => onChange({ ...settings, x: event.target.value })}
        >
          {axes.map(([x, name]) => (
            <option key={x} value={x}>
              {name}
            </option>
          ))}
          <optgroup label="Metrics">
            {!isKnown && <option value={settings.x}>{displayKey(settings.x)}</option>}
            {metrics.slice(0, mostAxes).map((metric) => (
              <option key={metric} value={metric}>
                {displayKey(metric)}
              </option>
            ))}
          </optgroup>
        </select>
      </label>
      <label
        className="field"
        title="Exponential moving average: s = w·s + (1 − w)·y, divided by 1 − wⁿ"
      >
        <span>Smoothing</span>
        <input
          type="range"
          className="slider"
          name="smoothing"
          min={0}
          max={0.99}
          step={0.01}
          value={settings.smoothing}
          onChange={(event) => onChange({ ...settings, smoothing: Number(event.target.value) })}
        />
        <output className="slider-value">{settings.smoothing.toFixed(2)}</output>
      </label>
      <label className="field switch">
        <input
          type="checkbox"
          name="log-scale"
          checked={settings.isLog}
          onChange={(event) => onChange({ ...settings, isLog: event.target.checked })}
        />
        <span>Log scale</span>
      </label>
    </div>
  );
}
