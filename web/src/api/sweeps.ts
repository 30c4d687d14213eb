import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import type { Sweep, SweepState } from '../model/sweep';
import { graphql } from './graphql';
import { ApiError } from './http';
import {
  setSweepStateDocument,
  sweepCountDocument,
  sweepDocument,
  sweepsDocument,
  type SweepFields,
} from './operations_generated';
import { nextCursor, type ProjectName } from './queries';

export const sweepCountOptions = (of: ProjectName) =>
  queryOptions({
    queryKey: ['sweep-count', of.entity, of.project],
    queryFn: async ({ signal }) =>
      (await graphql(sweepCountDocument, { ...of }, signal)).project?.totalSweeps ?? 0,
  });

/** The sweeps of a project, newest first. */
export const sweepsOptions = (of: ProjectName) =>
  infiniteQueryOptions({
    queryKey: ['sweeps', of.entity, of.project],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) => {
      const variables = { ...of, first: 50, after: pageParam };
      const data = await graphql(sweepsDocument, variables, signal);
      if (!data.project) throw new ApiError(404, `There is no project ${of.entity}/${of.project}.`);
      return {
        sweeps: (data.project.sweeps?.edges ?? []).map(({ node }) => toSweep(node)),
        next: nextCursor(data.project.sweeps?.pageInfo),
      };
    },
    getNextPageParam: (page) => page.next,
  });

export interface SweepAgent {
  id: string;
  host: string;
  isRunning: boolean;
  runCount: number;
  heartbeatAtMs: number | null;
}

export interface SweepDetails {
  sweep: Sweep;
  /** YAML, as it was sent. */
  config: string;
  agents: SweepAgent[];
  mayChange: boolean;
}

export function sweepOptions(of: ProjectName, name: string) {
  return queryOptions({
    queryKey: ['sweep', of.entity, of.project, name],
    queryFn: async ({ signal }): Promise<SweepDetails> => {
      const data = await graphql(sweepDocument, { ...of, sweep: name }, signal);
      const node = data.project?.sweep;
      if (!data.project || !node) {
        throw new ApiError(404, `There is no sweep ${name} in ${of.entity}/${of.project}.`);
      }
      return {
        sweep: toSweep(node),
        config: node.config,
        agents: node.agents.edges.map(({ node: agent }) => ({
          id: agent.id,
          host: agent.host,
          isRunning: agent.state === 'RUNNING',
          runCount: agent.totalRuns,
          heartbeatAtMs: agent.heartbeatAt ? Date.parse(agent.heartbeatAt) : null,
        })),
        mayChange: data.project.readOnly !== true,
      };
    },
    // Agents beat without an event of their own.
    refetchInterval: ({ state }) => (state.data && isActive(state.data.sweep) ? 5000 : false),
  });
}

function isActive(sweep: Sweep): boolean {
  return sweep.state === 'RUNNING' || sweep.state === 'PENDING';
}

function toSweep(node: SweepFields): Sweep {
  return {
    id: node.id,
    name: node.name,
    title: node.displayName ?? node.name,
    description: node.description,
    method: node.method,
    state: node.state as SweepState,
    createdAtMs: Date.parse(node.createdAt),
    best: node.bestLoss,
    runCount: node.runCount,
    runCountExpected: node.runCountExpected,
    username: node.user?.username ?? null,
  };
}

export async function setSweepState(id: string, state: SweepState): Promise<void> {
  await graphql(setSweepStateDocument, { id, state });
}
