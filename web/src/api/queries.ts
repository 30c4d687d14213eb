import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import type { HistoryKey, KeyType, MetricDefinition } from '../model/metric';
import { parseConfig, parseSummary, runUrlPath, type Run, type RunState } from '../model/run';
import { graphql } from './graphql';
import { ApiError, filePath, request } from './http';
import {
  deleteRunDocument,
  filesDocument,
  projectsDocument,
  runDocument,
  runsDocument,
  updateRunDocument,
  viewerDocument,
  type FilesData,
  type RunFields,
} from './operations_generated';

export interface Project {
  entity: string;
  name: string;
  createdAtMs: number;
  lastActiveMs: number;
  runCount: number;
}

export interface ProjectName {
  entity: string;
  project: string;
}

export interface RunName extends ProjectName {
  name: string;
}

export const viewerOptions = queryOptions({
  queryKey: ['viewer'],
  staleTime: Infinity,
  queryFn: async ({ signal }) => {
    const data = await graphql(viewerDocument, {}, signal);
    if (!data.viewer) throw new ApiError(401, 'You are not signed in.');
    return data.viewer;
  },
});

/** The projects of one entity, newest activity first. */
export const projectsOptions = (entity: string) =>
  infiniteQueryOptions({
    queryKey: ['projects', entity],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) => {
      const variables = { entity, first: 100, after: pageParam };
      const data = await graphql(projectsDocument, variables, signal);
      return {
        projects: (data.models?.edges ?? []).map(({ node }): Project => ({
          entity: node.entityName,
          name: node.name,
          createdAtMs: Date.parse(node.createdAt),
          lastActiveMs: Date.parse(node.lastActive),
          runCount: node.runCount,
        })),
        next: nextCursor(data.models?.pageInfo),
      };
    },
    getNextPageParam: (page) => page.next,
  });

export interface PageInfo {
  endCursor: string | null;
  hasNextPage: boolean;
}

export function nextCursor(info: PageInfo | undefined): string | null {
  return info?.hasNextPage ? info.endCursor : null;
}

export interface RunListWish {
  /** `+created_at`, `-summary_metrics.loss`, ... */
  order: string;
  search: string;
  /** Only the runs of this sweep; '' for all. */
  sweep: string;
}

export const runsPageSize = 100;

/** All runs of a project, page by page; sorting and searching are the server's. */
export function runsOptions(of: ProjectName, wish: RunListWish) {
  return infiniteQueryOptions({
    queryKey: ['runs', of.entity, of.project, wish],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) => {
      const filters = runFilter(wish);
      const variables = {
        ...of,
        first: runsPageSize,
        after: pageParam,
        order: wish.order,
        ...(filters === null ? {} : { filters }),
      };
      const data = await graphql(runsDocument, variables, signal);
      if (!data.project) throw new ApiError(404, `There is no project ${of.entity}/${of.project}.`);
      return {
        runs: data.project.runs.edges.map(({ node }) => toRun(of, node)),
        runCount: data.project.runCount,
        next: nextCursor(data.project.runs.pageInfo),
      };
    },
    getNextPageParam: (page) => page.next,
  });
}

/** As `filters` of the API; null for all runs. */
export function runFilter({ search, sweep }: Pick<RunListWish, 'search' | 'sweep'>): string | null {
  const found = searchFilter(search);
  if (sweep === '') return found;
  const ofSweep = JSON.stringify({ sweep });
  return found === null ? ofSweep : `{"$and":[${ofSweep},${found}]}`;
}

/** Finds the text in a run's names, tags, group, job type or state. */
export function searchFilter(search: string): string | null {
  const text = search.trim();
  if (text === '') return null;
  const contains = { $regex: `(?i)${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}` };
  const fields = ['display_name', 'name', 'tags', 'group', 'job_type', 'state'];
  return JSON.stringify({ $or: fields.map((field) => ({ [field]: contains })) });
}

function toRun(of: ProjectName, node: RunFields): Run {
  const createdAtMs = Date.parse(node.createdAt);
  return {
    id: node.id,
    entity: of.entity,
    project: of.project,
    name: node.name,
    displayName: node.displayName ?? node.name,
    state: node.state as RunState,
    createdAtMs,
    heartbeatAtMs: Date.parse(node.heartbeatAt),
    tags: node.tags,
    group: node.group,
    jobType: node.jobType,
    notes: node.notes,
    username: node.user?.username ?? null,
    config: parseConfig(node.config),
    summary: parseSummary(node.summaryMetrics),
    historyLineCount: node.historyLineCount ?? 0,
  };
}

export interface RunDetails {
  run: Run;
  logLineCount: number;
}

export function runOptions(of: RunName) {
  return queryOptions({
    queryKey: ['run', of.entity, of.project, of.name],
    queryFn: async ({ signal }): Promise<RunDetails> => {
      const variables = { entity: of.entity, project: of.project, run: of.name };
      const data = await graphql(runDocument, variables, signal);
      const node = data.project?.run;
      if (!node) {
        throw new ApiError(404, `There is no run ${of.name} in ${of.entity}/${of.project}.`);
      }
      return { run: toRun(of, node), logLineCount: node.logLineCount ?? 0 };
    },
  });
}

export interface RunKeys {
  keys: HistoryKey[];
  definitions: MetricDefinition[];
}

interface KeysAnswer {
  keys: { name: string; type: KeyType; count: number; last_step: number }[];
  metrics: { name: string; glob: boolean; step_metric: string | null; hidden: boolean }[];
}

export function keysOptions(of: RunName) {
  return queryOptions({
    queryKey: ['keys', of.entity, of.project, of.name],
    queryFn: async ({ signal }): Promise<RunKeys> => {
      const response = await request(`/api/runs/${runUrlPath(of)}/keys`, { signal });
      const answer = (await response.json()) as KeysAnswer;
      return {
        keys: answer.keys.map((key) => ({
          name: key.name,
          type: key.type,
          count: key.count,
          lastStep: key.last_step,
        })),
        definitions: answer.metrics.map((metric) => ({
          name: metric.name,
          isGlob: metric.glob,
          stepMetric: metric.step_metric === '' ? null : metric.step_metric,
          isHidden: metric.hidden,
        })),
      };
    },
  });
}

export interface ConsolePage {
  total: number;
  lines: [number, string][];
}

export async function fetchConsole(
  of: RunName,
  first: number,
  count: number,
  signal?: AbortSignal,
): Promise<ConsolePage> {
  const path = `/api/runs/${runUrlPath(of)}/console?first=${first}&count=${count}`;
  const response = await request(path, signal ? { signal } : {});
  return (await response.json()) as ConsolePage;
}

export interface RunFile {
  name: string;
  sizeBytes: number;
  mimetype: string | null;
  updatedAtMs: number | null;
  address: string;
}

type FileNode = NonNullable<
  NonNullable<FilesData['project']>['run']
>['files']['edges'][number]['node'];

export function filesOptions(of: RunName) {
  return queryOptions({
    queryKey: ['files', of.entity, of.project, of.name],
    queryFn: async ({ signal }): Promise<RunFile[]> => {
      const files: RunFile[] = [];
      let after: string | null = null;
      do {
        const variables = { entity: of.entity, project: of.project, run: of.name, after };
        const data: FilesData = await graphql(filesDocument, { ...variables, first: 500 }, signal);
        const page = data.project?.run?.files;
        for (const { node } of page?.edges ?? []) files.push(toFile(of, node));
        after = nextCursor(page?.pageInfo);
      } while (after !== null);
      return files;
    },
  });
}

function toFile(of: RunName, node: FileNode): RunFile {
  return {
    name: node.name,
    sizeBytes: Number(node.sizeBytes),
    mimetype: node.mimetype,
    updatedAtMs: node.updatedAt ? Date.parse(node.updatedAt) : null,
    address: filePath(runUrlPath(of), node.name),
  };
}

export function fileTextOptions(address: string) {
  return queryOptions({
    queryKey: ['file-text', address],
    queryFn: async ({ signal }) => (await request(address, { signal })).text(),
  });
}

export interface RunChange {
  displayName?: string;
  notes?: string;
  tags?: readonly string[];
}

/** Fields left out stay as they are. */
export async function updateRun(id: string, change: RunChange): Promise<void> {
  await graphql(updateRunDocument, { id, ...change, tags: change.tags ? [...change.tags] : null });
}

export async function deleteRun(id: string): Promise<void> {
  await graphql(deleteRunDocument, { id });
}
