import { ApiError, postJson } from './http';
import type { Document } from './operations_generated';

interface Answer<T> {
  data?: T | null;
  errors?: { message: string }[];
}

/** Runs one operation. Rejects with ApiError if the server reports errors. */
export async function graphql<Data, Variables>(
  document: Document<Data, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Data> {
  const response = await postJson('/graphql', { query: document, variables }, signal);
  const answer = (await response.json()) as Answer<Data>;
  const [problem] = answer.errors ?? [];
  if (problem) throw new ApiError(response.status, problem.message);
  if (!answer.data) throw new ApiError(response.status, 'The server answered without data.');
  return answer.data;
}
