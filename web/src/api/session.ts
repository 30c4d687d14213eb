import { ApiError, postJson } from './http';

/** Opens a session with a password. Rejects with ApiError: 401 for a wrong one, 429 for too many. */
export async function signIn(name: string, password: string): Promise<void> {
  await postJson('/api/signin', { name, password });
}

/** Ends the session; that there was none any more is as good. */
export async function signOut(): Promise<void> {
  try {
    await postJson('/api/signout', {});
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
  }
}
