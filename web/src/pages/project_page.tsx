import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo, type JSX } from 'react';

import type { ProjectName } from '../api/queries';
import { sweepCountOptions } from '../api/sweeps';
import { CodeBlock } from '../components/code_block';
import { EmptyNotice } from '../components/notice';
import { formatCount } from '../model/format';
import { LiveNote } from './live_note';
import { RunsView } from './runs_view';
import type { ProjectSearch } from './search_params';
import { firstRunPython } from './snippets';

/** A project: its runs in a table, and charts that compare those that are selected. */
export function ProjectPage(): JSX.Element {
  const { entity, project } = useParams({ from: '/$entity/$project' });
  return <Project key={`${entity}/${project}`} entity={entity} project={project} />;
}

function Project({ entity, project }: ProjectName): JSX.Element {
  const of = useMemo(() => ({ entity, project }), [entity, project]);
  const search = useSearch({ from: '/$entity/$project' });
  const navigate = useNavigate({ from: '/$entity/$project' });
  const change = useCallback(
    (patch: Partial<ProjectSearch>) => {
      void navigate({
        search: (before) => ({ ...before, ...patch }),
        replace: true,
        resetScroll: false,
      });
    },
    [navigate],
  );
  return (
    <RunsView
      of={of}
      search={search}
      change={change}
      head={({ runCount, live }) => (
        <header className="page-head">
          <h1>{project}</h1>
          <span className="quiet">
            {entity} · {formatCount(runCount, 'run')}
            <SweepsLink of={of} />
          </span>
          <LiveNote live={live} />
        </header>
      )}
      empty={
        <EmptyNotice title="No runs in this project yet">
          <p className="quiet">Log one with</p>
          <CodeBlock code={firstRunPython.replace('first-steps', project)} />
        </EmptyNotice>
      }
    />
  );
}

function SweepsLink({ of }: { of: ProjectName }): JSX.Element | null {
  const { data: count } = useQuery(sweepCountOptions(of));
  if (!count) return null;
  return (
    <>
      {' · '}
      <Link className="text-link" to="/$entity/$project/sweeps" params={{ ...of }}>
        {formatCount(count, 'sweep')}
      </Link>
    </>
  );
}
