import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useMemo, type JSX } from 'react';

import type { ProjectName } from '../api/queries';
import { sweepsOptions } from '../api/sweeps';
import { CodeBlock } from '../components/code_block';
import { EmptyNotice, Skeleton } from '../components/notice';
import { SweepBadge } from '../components/sweep_bits';
import { useNow } from '../components/use_element';
import { formatAgo, formatCount, formatNumber, formatTime } from '../model/format';
import type { Sweep } from '../model/sweep';
import { Failure } from './failure';
import { firstSweepPython } from './snippets';

/** The sweeps of a project, newest first. */
export function SweepsPage(): JSX.Element {
  const { entity, project } = useParams({ from: '/$entity/$project/sweeps' });
  const of = useMemo(() => ({ entity, project }), [entity, project]);
  const query = useInfiniteQuery(sweepsOptions(of));
  const sweeps = query.data?.pages.flatMap((page) => page.sweeps) ?? [];
  return (
    <main className="page page-narrow">
      <header className="page-head">
        <h1>Sweeps</h1>
        <span className="quiet">
          {entity}/{project}
        </span>
      </header>
      {query.isPending ? (
        <Skeleton rows={4} />
      ) : query.error ? (
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      ) : sweeps.length === 0 ? (
        <EmptyNotice title="No sweeps in this project yet">
          <p className="quiet">A sweep tries parameters and finds those that do best.</p>
          <CodeBlock code={firstSweepPython.replace('first-steps', project)} />
        </EmptyNotice>
      ) : (
        <ul className="project-list">
          {sweeps.map((sweep) => (
            <SweepCard key={sweep.name} of={of} sweep={sweep} />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <button className="button" onClick={() => void query.fetchNextPage()}>
          More sweeps
        </button>
      )}
    </main>
  );
}

function SweepCard({ of, sweep }: { of: ProjectName; sweep: Sweep }): JSX.Element {
  const now = useNow(30_000);
  return (
    <li>
      <Link
        className="card sweep-row"
        to="/$entity/$project/sweeps/$sweep"
        params={{ ...of, sweep: sweep.name }}
        data-sweep={sweep.name}
      >
        <span className="project-name">{sweep.title}</span>
        <SweepBadge state={sweep.state} />
        <span className="quiet sweep-facts">
          {sweep.method} · {formatCount(sweep.runCount, 'run')}
          {sweep.runCountExpected !== null && ` of ${sweep.runCountExpected}`}
          {sweep.best !== null && ` · best ${formatNumber(sweep.best)}`}
        </span>
        <span className="quiet sweep-time" title={formatTime(sweep.createdAtMs)}>
          {formatAgo(sweep.createdAtMs, now)}
        </span>
      </Link>
    </li>
  );
}
