import { infiniteQueryOptions } from '@tanstack/react-query';

import { severityOf, type Alert } from '../model/alert';
import { graphql } from './graphql';
import { alertsDocument } from './operations_generated';
import type { RunName } from './queries';

const pageSize = 50;
/** How often deliveries that are under way are looked at: their end is told by no event. */
const deliveriesEveryMs = 4000;

export interface AlertPage {
  total: number;
  alerts: Alert[];
  next: string | null;
}

/** A run's alerts, newest first. */
export function alertsOptions(of: RunName) {
  return infiniteQueryOptions({
    queryKey: ['alerts', of.entity, of.project, of.name],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }): Promise<AlertPage> => {
      const variables = { entity: of.entity, project: of.project, run: of.name };
      const data = await graphql(
        alertsDocument,
        { ...variables, first: pageSize, after: pageParam },
        signal,
      );
      const page = data.alerts;
      return {
        total: page?.totalCount ?? 0,
        alerts: (page?.edges ?? []).map(({ node }): Alert => ({
          id: node.id,
          title: node.title,
          text: node.text,
          severity: severityOf(node.severity),
          createdAtMs: Date.parse(node.createdAt),
          repeatCount: node.repeatCount,
          deliveries: node.deliveries,
        })),
        next: page?.pageInfo.hasNextPage ? page.pageInfo.endCursor : null,
      };
    },
    getNextPageParam: (page) => page.next,
    refetchInterval: (query) => {
      const pages = query.state.data?.pages ?? [];
      const underWay = pages.some((page) =>
        page.alerts.some((alert) => alert.deliveries.some(({ state }) => state === 'QUEUED')),
      );
      return underWay ? deliveriesEveryMs : false;
    },
  });
}
