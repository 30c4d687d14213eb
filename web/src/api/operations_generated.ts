// Written by scripts/generate_operations.mjs from operations.graphql and the schema.

/** The text of an operation; the types are of its answer and of its variables. */
export type Document<Data, Variables> = string & { readonly types?: [Data, Variables] };
export type RunFields = {
  id: string;
  name: string;
  displayName: string | null;
  state: string;
  createdAt: string;
  heartbeatAt: string;
  tags: string[];
  group: string | null;
  jobType: string | null;
  notes: string | null;
  user: { username: string | null } | null;
  config: string | null;
  summaryMetrics: string | null;
  historyLineCount: number | null;
};
export type SweepFields = {
  id: string;
  name: string;
  displayName: string | null;
  description: string | null;
  method: string;
  state: string;
  createdAt: string;
  bestLoss: number | null;
  runCount: number;
  runCountExpected: number | null;
  user: { username: string | null } | null;
};

export type ViewerData = {
  viewer: {
    entity: string | null;
    username: string | null;
    name: string;
    email: string | null;
    admin: boolean | null;
    teams: {
      edges: { node: { name: string; isTeam: boolean; viewerRole: string | null } | null }[];
    } | null;
  } | null;
};
export type ViewerVariables = Record<string, never>;
export const viewerDocument = `query Viewer {
  viewer {
    entity
    username
    name
    email
    admin
    teams {
      edges {
        node {
          name
          isTeam
          viewerRole
        }
      }
    }
  }
}` as Document<ViewerData, ViewerVariables>;

export type AccountData = {
  viewer: {
    hasPassword: boolean | null;
    apiKeys: {
      edges: {
        node: { id: string; name: string; description: string | null; createdAt: string } | null;
      }[];
    } | null;
  } | null;
};
export type AccountVariables = Record<string, never>;
export const accountDocument = `query Account {
  viewer {
    hasPassword
    apiKeys {
      edges {
        node {
          id
          name
          description
          createdAt
        }
      }
    }
  }
}` as Document<AccountData, AccountVariables>;

export type GenerateApiKeyData = {
  generateApiKey: { apiKey: { id: string; secret: string | null } | null } | null;
};
export type GenerateApiKeyVariables = { name: string };
export const generateApiKeyDocument = `mutation GenerateApiKey($name: String!) {
  generateApiKey(input: {name: $name}) {
    apiKey {
      id
      secret
    }
  }
}` as Document<GenerateApiKeyData, GenerateApiKeyVariables>;

export type DeleteApiKeyData = { deleteApiKey: { success: boolean | null } | null };
export type DeleteApiKeyVariables = { id: string };
export const deleteApiKeyDocument = `mutation DeleteApiKey($id: String!) {
  deleteApiKey(input: {id: $id}) {
    success
  }
}` as Document<DeleteApiKeyData, DeleteApiKeyVariables>;

export type ChangePasswordData = { changePassword: { success: boolean | null } | null };
export type ChangePasswordVariables = { current?: string | null; fresh: string };
export const changePasswordDocument = `mutation ChangePassword($current: String, $fresh: String!) {
  changePassword(input: {current: $current, new: $fresh}) {
    success
  }
}` as Document<ChangePasswordData, ChangePasswordVariables>;

export type ProjectsData = {
  models: {
    edges: {
      node: {
        name: string;
        entityName: string;
        createdAt: string;
        lastActive: string;
        runCount: number;
      };
    }[];
    pageInfo: { endCursor: string | null; hasNextPage: boolean };
  } | null;
};
export type ProjectsVariables = {
  entity?: string | null;
  first?: number | null;
  after?: string | null;
};
export const projectsDocument = `query Projects($entity: String, $first: Int, $after: String) {
  models(entityName: $entity, first: $first, after: $after) {
    edges {
      node {
        name
        entityName
        createdAt
        lastActive
        runCount
      }
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}` as Document<ProjectsData, ProjectsVariables>;

export type RunsData = {
  project: {
    runCount: number;
    runs: {
      edges: { node: {} & RunFields }[];
      pageInfo: { endCursor: string | null; hasNextPage: boolean };
    };
  } | null;
};
export type RunsVariables = {
  entity: string;
  project: string;
  first?: number | null;
  after?: string | null;
  order?: string | null;
  filters?: string | null;
};
export const runsDocument =
  `query Runs($entity: String!, $project: String!, $first: Int, $after: String, $order: String, $filters: JSONString) {
  project(name: $project, entityName: $entity) {
    runCount(filters: $filters)
    runs(first: $first, after: $after, order: $order, filters: $filters) {
      edges {
        node {
          ...RunFields
        }
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
}
fragment RunFields on Run {
  id
  name
  displayName
  state
  createdAt
  heartbeatAt
  tags
  group
  jobType
  notes
  user {
    username
  }
  config
  summaryMetrics
  historyLineCount
}` as Document<RunsData, RunsVariables>;

export type RunData = {
  project: { run: ({ logLineCount: number | null } & RunFields) | null } | null;
};
export type RunVariables = { entity: string; project: string; run: string };
export const runDocument = `query Run($entity: String!, $project: String!, $run: String!) {
  project(name: $project, entityName: $entity) {
    run(name: $run) {
      ...RunFields
      logLineCount
    }
  }
}
fragment RunFields on Run {
  id
  name
  displayName
  state
  createdAt
  heartbeatAt
  tags
  group
  jobType
  notes
  user {
    username
  }
  config
  summaryMetrics
  historyLineCount
}` as Document<RunData, RunVariables>;

export type FilesData = {
  project: {
    run: {
      files: {
        edges: {
          node: {
            name: string;
            sizeBytes: number | string;
            mimetype: string | null;
            updatedAt: string | null;
          };
        }[];
        pageInfo: { endCursor: string | null; hasNextPage: boolean };
      };
    } | null;
  } | null;
};
export type FilesVariables = {
  entity: string;
  project: string;
  run: string;
  first?: number | null;
  after?: string | null;
};
export const filesDocument =
  `query Files($entity: String!, $project: String!, $run: String!, $first: Int, $after: String) {
  project(name: $project, entityName: $entity) {
    run(name: $run) {
      files(first: $first, after: $after) {
        edges {
          node {
            name
            sizeBytes
            mimetype
            updatedAt
          }
        }
        pageInfo {
          endCursor
          hasNextPage
        }
      }
    }
  }
}` as Document<FilesData, FilesVariables>;

export type UpdateRunData = { upsertBucket: { bucket: { id: string } | null } | null };
export type UpdateRunVariables = {
  id: string;
  displayName?: string | null;
  notes?: string | null;
  tags?: string[] | null;
};
export const updateRunDocument =
  `mutation UpdateRun($id: String!, $displayName: String, $notes: String, $tags: [String!]) {
  upsertBucket(
    input: {id: $id, displayName: $displayName, notes: $notes, tags: $tags}
  ) {
    bucket {
      id
    }
  }
}` as Document<UpdateRunData, UpdateRunVariables>;

export type DeleteRunData = { deleteRun: { clientMutationId: string | null } | null };
export type DeleteRunVariables = { id: string };
export const deleteRunDocument = `mutation DeleteRun($id: ID!) {
  deleteRun(input: {id: $id}) {
    clientMutationId
  }
}` as Document<DeleteRunData, DeleteRunVariables>;

export type AlertsData = {
  alerts: {
    totalCount: number;
    edges: {
      node: {
        id: string;
        title: string;
        text: string;
        severity: 'INFO' | 'WARN' | 'ERROR';
        createdAt: string;
        repeatCount: number;
        deliveries: {
          id: string;
          state: 'QUEUED' | 'DELIVERED' | 'FAILED';
          attempts: number;
          lastError: string | null;
          targetName: string;
        }[];
      };
    }[];
    pageInfo: { endCursor: string | null; hasNextPage: boolean };
  } | null;
};
export type AlertsVariables = {
  entity: string;
  project: string;
  run: string;
  first?: number | null;
  after?: string | null;
};
export const alertsDocument =
  `query Alerts($entity: String!, $project: String!, $run: String!, $first: Int, $after: String) {
  alerts(
    entityName: $entity
    projectName: $project
    runName: $run
    first: $first
    after: $after
  ) {
    totalCount
    edges {
      node {
        id
        title
        text
        severity
        createdAt
        repeatCount
        deliveries {
          id
          state
          attempts
          lastError
          targetName
        }
      }
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}` as Document<AlertsData, AlertsVariables>;

export type SweepCountData = { project: { totalSweeps: number } | null };
export type SweepCountVariables = { entity: string; project: string };
export const sweepCountDocument = `query SweepCount($entity: String!, $project: String!) {
  project(name: $project, entityName: $entity) {
    totalSweeps
  }
}` as Document<SweepCountData, SweepCountVariables>;

export type SweepsData = {
  project: {
    sweeps: {
      edges: { node: {} & SweepFields }[];
      pageInfo: { endCursor: string | null; hasNextPage: boolean };
    } | null;
  } | null;
};
export type SweepsVariables = {
  entity: string;
  project: string;
  first?: number | null;
  after?: string | null;
};
export const sweepsDocument =
  `query Sweeps($entity: String!, $project: String!, $first: Int, $after: String) {
  project(name: $project, entityName: $entity) {
    sweeps(first: $first, after: $after) {
      edges {
        node {
          ...SweepFields
        }
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
}
fragment SweepFields on Sweep {
  id
  name
  displayName
  description
  method
  state
  createdAt
  bestLoss
  runCount
  runCountExpected
  user {
    username
  }
}` as Document<SweepsData, SweepsVariables>;

export type SweepData = {
  project: {
    readOnly: boolean;
    sweep:
      | ({
          config: string;
          agents: {
            edges: {
              node: {
                id: string;
                host: string;
                state: string | null;
                totalRuns: number;
                heartbeatAt: string | null;
              };
            }[];
          };
        } & SweepFields)
      | null;
  } | null;
};
export type SweepVariables = { entity: string; project: string; sweep: string };
export const sweepDocument = `query Sweep($entity: String!, $project: String!, $sweep: String!) {
  project(name: $project, entityName: $entity) {
    readOnly
    sweep(sweepName: $sweep) {
      ...SweepFields
      config
      agents(first: 100) {
        edges {
          node {
            id
            host
            state
            totalRuns
            heartbeatAt
          }
        }
      }
    }
  }
}
fragment SweepFields on Sweep {
  id
  name
  displayName
  description
  method
  state
  createdAt
  bestLoss
  runCount
  runCountExpected
  user {
    username
  }
}` as Document<SweepData, SweepVariables>;

export type SetSweepStateData = { upsertSweep: { sweep: { id: string } | null } | null };
export type SetSweepStateVariables = { id: string; state: string };
export const setSweepStateDocument = `mutation SetSweepState($id: ID!, $state: String!) {
  upsertSweep(input: {id: $id, state: $state}) {
    sweep {
      id
    }
  }
}` as Document<SetSweepStateData, SetSweepStateVariables>;
