import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type JSX } from 'react';

import { projectsOptions, viewerOptions, type Project } from '../api/queries';
import { CodeBlock } from '../components/code_block';
import { EmptyNotice, Skeleton } from '../components/notice';
import { SearchBox } from '../components/search_box';
import { useNow } from '../components/use_element';
import { formatAgo, formatCount, formatTime } from '../model/format';
import { matcher } from '../model/sections';
import { Failure } from './failure';
import { firstRunPython } from './snippets';

/** The projects of the viewer and of each of the viewer's teams. */
export function ProjectsPage(): JSX.Element {
  const viewer = useQuery(viewerOptions);
  const [search, setSearch] = useState('');
  const own = viewer.data?.entity ?? '';
  const teams = (viewer.data?.teams?.edges ?? []).flatMap(({ node }) => (node ? [node.name] : []));
  const entities = [...new Set([own, ...teams])].filter((name) => name !== '');
  return (
    <main className="page page-narrow">
      <header className="page-head">
        <h1>Projects</h1>
        <SearchBox label="Search projects" value={search} onChange={setSearch} />
      </header>
      {viewer.isPending ? (
        <Skeleton rows={5} />
      ) : viewer.error ? (
        <Failure error={viewer.error} onRetry={() => void viewer.refetch()} />
      ) : (
        entities.map((entity) => (
          <EntityProjects
            key={entity}
            entity={entity}
            search={search}
            isAlone={entities.length === 1}
          />
        ))
      )}
    </main>
  );
}

export interface EntityProjectsProps {
  entity: string;
  search: string;
  /** There is nothing beside it, so that its name needs no heading. */
  isAlone: boolean;
  /** The page is named after it. */
  isNamed?: boolean;
}

export function EntityProjects({
  entity,
  search,
  isAlone,
  isNamed = false,
}: EntityProjectsProps): JSX.Element {
  const query = useInfiniteQuery(projectsOptions(entity));
  const projects = query.data?.pages.flatMap((page) => page.projects) ?? [];
  const wanted = matcher(search);
  const shown = projects.filter((project) => wanted(project.name));
  return (
    <section className="entity-projects" aria-label={entity}>
      {!isAlone && !isNamed && <h2 className="entity-name">{entity}</h2>}
      {query.isPending ? (
        <Skeleton rows={isAlone ? 5 : 2} />
      ) : query.error ? (
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      ) : projects.length > 0 ? (
        <ul className="project-list">
          {shown.map((project) => (
            <ProjectCard key={`${project.entity}/${project.name}`} project={project} />
          ))}
        </ul>
      ) : isAlone ? (
        <FirstRun />
      ) : (
        <p className="quiet">No projects yet.</p>
      )}
      {query.hasNextPage && (
        <button className="button" onClick={() => void query.fetchNextPage()}>
          More projects
        </button>
      )}
    </section>
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
