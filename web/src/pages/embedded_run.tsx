import { useState, type JSX } from 'react';

import type { Live } from '../api/use_live';
import { CodeBlock } from '../components/code_block';
import { Logo } from '../components/icon';
import { Skeleton } from '../components/notice';
import { StateBadge, Tag } from '../components/run_bits';
import { useNow } from '../components/use_element';
import type { ChartSettings } from '../model/chart_settings';
import { sameHostOrigin } from '../model/frame_host';
import { formatAgo, formatDuration, formatTime } from '../model/format';
import { durationSecs, isLive, runUrlPath, type Run } from '../model/run';
import { RunCharts } from './charts_tab';
import { framingOrigin } from './embedded';
import { LiveNote } from './live_note';

interface EmbeddedRunProps {
  run: Run;
  live: Live | null;
  settings: ChartSettings;
}

/**
 * A run in a notebook: its charts under one line of facts. Nothing here changes anything, since the
 * page around the frame is not ours; the run's own page opens beside it.
 */
export function EmbeddedRun({ run, live, settings }: EmbeddedRunProps): JSX.Element {
  const now = useNow(isLive(run.state) ? 1000 : 30_000);
  const [entity, project, name] = runUrlPath(run).split('/');
  return (
    <main className="embedded">
      <header className="embedded-head">
        <a
          className="embedded-name"
          href={`/${entity}/${project}/runs/${name}`}
          target="_blank"
          rel="noreferrer"
          title="Open the run's page"
        >
          <Logo size={18} />
          <span>{run.displayName}</span>
        </a>
        <StateBadge state={run.state} />
        <span title={formatTime(run.createdAtMs)}>{formatAgo(run.createdAtMs, now)}</span>
        <span title="Duration">{formatDuration(Math.max(0, durationSecs(run, now)))}</span>
        {run.tags.map((tag) => (
          <Tag key={tag} name={tag} />
        ))}
        <LiveNote live={live} />
      </header>
      {live ? <RunCharts run={run} live={live} settings={settings} /> : <Skeleton rows={4} />}
    </main>
  );
}

/** In place of a run while the frame has no session. */
export function EmbeddedSignin(): JSX.Element {
  const [origin] = useState(framingOrigin);
  const better = sameHostOrigin(origin, window.location.hostname);
  const page = `${window.location.origin}${window.location.pathname}`;
  return (
    <main className="embedded embedded-signin">
      <Logo size={32} />
      <h1>Sign in to see the run here</h1>
      {better === null ? (
        <p className="quiet">
          Sign in{' '}
          <a href={page} target="_blank" rel="noreferrer">
            on its page
          </a>
          , then run this cell again.
        </p>
      ) : (
        <>
          <p className="quiet">
            Browsers keep a session to one host name, and this notebook is at another. Open{' '}
            <a href={page} target="_blank" rel="noreferrer">
              the run&rsquo;s page
            </a>{' '}
            beside it, or the notebook under this address:
          </p>
          <CodeBlock code={better} />
        </>
      )}
    </main>
  );
}
