import { queryOptions } from '@tanstack/react-query';

import { graphql } from './graphql';
import { ApiError } from './http';
import {
  accountDocument,
  changePasswordDocument,
  deleteApiKeyDocument,
  generateApiKeyDocument,
} from './operations_generated';

export interface ApiKey {
  id: string;
  name: string;
  description: string | null;
  createdAtMs: number;
}

export interface Account {
  hasPassword: boolean;
  keys: ApiKey[];
}

export const accountOptions = queryOptions({
  queryKey: ['account'],
  queryFn: async ({ signal }): Promise<Account> => {
    const { viewer } = await graphql(accountDocument, {}, signal);
    if (!viewer) throw new ApiError(401, 'You are not signed in.');
    const nodes = (viewer.apiKeys?.edges ?? []).flatMap(({ node }) => (node ? [node] : []));
    return {
      hasPassword: viewer.hasPassword === true,
      keys: nodes.map(({ id, name, description, createdAt }) => ({
        id,
        name,
        description,
        createdAtMs: Date.parse(createdAt),
      })),
    };
  },
});

/** A new key: the key itself, which nothing shows again. */
export async function createKey(name: string): Promise<string> {
  const data = await graphql(generateApiKeyDocument, { name });
  const secret = data.generateApiKey?.apiKey?.secret;
  if (!secret) throw new ApiError(200, 'The server answered without a key.');
  return secret;
}

export async function revokeKey(id: string): Promise<void> {
  await graphql(deleteApiKeyDocument, { id });
}

export async function changePassword(current: string, fresh: string): Promise<void> {
  await graphql(changePasswordDocument, { current: current === '' ? null : current, fresh });
}
