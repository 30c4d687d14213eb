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

export type ViewerData = { viewer: { entity: string | null; username: string | null } | null };
export type ViewerVariables = Record<string, never>;
export const viewerDocument = `query Viewer {
  viewer {
    entity
    username
  }
}` as Document<ViewerData, ViewerVariables>;

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
export type ProjectsVariables = { first?: number | null; after?: string | null };
export const projectsDocument = `query Projects($first: Int, $after: String) {
  models(first: $first, after: $after) {
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
