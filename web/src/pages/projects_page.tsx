import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type JSX } from 'react';

import { projectsOptions, type Project } from '../api/queries';
import { CodeBlock } from '../components/code_block';
import { EmptyNotice, Skeleton } from '../components/notice';
import { SearchBox } from '../components/search_box';
import { useNow } from '../components/use_element';
import { formatAgo, formatCount, formatTime } from '../model/format';
import { matcher } from '../model/sections';
import { Failure } from './failure';
import { firstRunPython } from './snippets';

export function ProjectsPage(): JSX.Element {
  const query = useInfiniteQuery(projectsOptions);
  const [search, setSearch] = useState('');
  const projects = query.data?.pages.flatMap((page) => page.projects) ?? [];
  const wanted = matcher(search);
  const shown = projects.filter((project) => wanted(project.name));
  return (
    <main className="page page-narrow">
      <header className="page-head">
        <h1>Projects</h1>
        {projects.length > 6 && (
          <SearchBox label="Search projects" value={search} onChange={setSearch} />
        )}
      </header>
      {query.isPending ? (
        <Skeleton rows={5} />
      ) : query.error ? (
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      ) : projects.length === 0 ? (
        <FirstRun />
      ) : (
        <ul className="project-list">
          {shown.map((project) => (
            <ProjectCard key={`${project.entity}/${project.name}`} project={project} />
          ))}
        </ul>
      )}
      {query.hasNextPage && (
        <button className="button" onClick={() => void query.fetchNextPage()}>
          More projects
        </button>
      )}
    </main>
  );
}

function ProjectCard({ project }: { project: Project }): JSX.Element {
  const now = useNow(30_000);
  const { entity, name, runCount, lastActiveMs } = project;
  return (
    <li>
      <Link className="card project" to="/$entity/$project" params={{ entity, project: name }}>
        <span className="project-mark" aria-hidden="true">
          {name.slice(0, 1).toUpperCase()}
        </span>
        <span className="project-name">{name}</span>
        <span className="quiet project-entity">{entity}</span>
        <span className="project-count">{formatCount(runCount, 'run')}</span>
        <span className="quiet project-time" title={formatTime(lastActiveMs)}>
          {formatAgo(lastActiveMs, now)}
        </span>
      </Link>
    </li>
  );
}

function FirstRun(): JSX.Element {
  return (
    <EmptyNotice title="Log your first run">
      <p className="quiet">Run this on the machine where the server runs; it finds it by itself.</p>
      <CodeBlock code={firstRunPython} />
    </EmptyNotice>
  );
}
