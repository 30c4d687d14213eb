import { useMemo, useState, type JSX } from 'react';

import type { SeriesFeed } from '../api/series_feed';
import { Icon } from '../components/icon';
import type { ChartSettings } from '../model/chart_settings';
import { xOf, type MetricDefinition } from '../model/metric';
import { groupIntoSections, type Section } from '../model/sections';
import { ChartPanel, type ChartRun } from './chart_panel';

interface ChartSectionsProps {
  metrics: readonly string[];
  definitions: readonly MetricDefinition[];
  runs: readonly ChartRun[];
  settings: ChartSettings;
  feed: SeriesFeed;
  /** Charts of one group share a crosshair. */
  syncGroup: string;
}

/** A run may log 20,000 keys; a section shows this many charts until more are asked for. */
const pageSize = 60;

/** All charts of a page, grouped; a section folds away with a click. */
export function ChartSections(props: ChartSectionsProps): JSX.Element {
  const { metrics, settings } = props;
  const sections = useMemo(
    () => groupIntoSections(metrics, settings.search),
    [metrics, settings.search],
  );
  if (sections.length === 0) {
    return <p className="quiet centred">No metric matches “{settings.search}”.</p>;
  }
  return (
    <div className="sections">
      {sections.map((section) => (
        <ChartSection key={section.name} section={section} {...props} />
      ))}
    </div>
  );
}

function ChartSection({
  section,
  ...props
}: ChartSectionsProps & { section: Section }): JSX.Element {
  const [isOpen, setOpen] = useState(true);
  const [shown, setShown] = useState(pageSize);
  const { definitions, runs, settings, feed, syncGroup } = props;
  const rest = section.keys.length - shown;
  return (
    <section className="section">
      <h2 className="section-head">
        <button className="section-toggle" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <Icon name="chevron" size={14} />
          <span>{section.name || 'Metrics'}</span>
          <span className="count">{section.keys.length}</span>
        </button>
      </h2>
      {isOpen && (
        <div className="chart-grid">
          {section.keys.slice(0, shown).map((metric) => (
            <ChartPanel
              key={metric}
              metric={metric}
              runs={runs}
              x={xOf(metric, settings.x, definitions)}
              settings={settings}
              feed={feed}
              syncGroup={syncGroup}
            />
          ))}
        </div>
      )}
      {isOpen && rest > 0 && (
        <button className="button section-more" onClick={() => setShown(shown + pageSize)}>
          Show {Math.min(rest, pageSize)} more of {rest}
        </button>
      )}
    </section>
  );
}
