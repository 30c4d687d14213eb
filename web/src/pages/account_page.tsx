import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent, type JSX } from 'react';

import {
  accountOptions,
  changePassword,
  createKey,
  revokeKey,
  type Account,
  type ApiKey,
} from '../api/account';
import { viewerOptions } from '../api/queries';
import { CodeBlock } from '../components/code_block';
import { Icon } from '../components/icon';
import { Skeleton } from '../components/notice';
import { useNow } from '../components/use_element';
import { formatAgo, formatTime } from '../model/format';
import { Failure } from './failure';

/** The viewer's keys, password and teams. */
export function AccountPage(): JSX.Element {
  const account = useQuery(accountOptions);
  return (
    <main className="page page-narrow account">
      <header className="page-head">
        <h1>Account</h1>
        <Who />
      </header>
      {account.isPending ? (
        <Skeleton rows={4} />
      ) : account.error ? (
        <Failure error={account.error} onRetry={() => void account.refetch()} />
      ) : (
        <>
          <Keys keys={account.data.keys} />
          <Password hasPassword={account.data.hasPassword} />
          <Teams />
        </>
      )}
    </main>
  );
}

function Who(): JSX.Element | null {
  const { data: viewer } = useQuery(viewerOptions);
  if (!viewer) return null;
  const facts = [viewer.username, viewer.email, viewer.admin ? 'administrator' : null];
  return <span className="quiet">{facts.filter(Boolean).join(' · ')}</span>;
}

function Keys({ keys }: { keys: ApiKey[] }): JSX.Element {
  const [fresh, setFresh] = useState('');
  return (
    <section className="card">
      <div className="card-head">
        <h2>API keys</h2>
        <span className="count">{keys.length}</span>
      </div>
      <div className="account-part">
        <p className="quiet">
          A script uses a key as <code>WANDB_API_KEY</code> or <code>RUNSTONE_API_KEY</code>. Give
          each machine its own, so that one can be revoked alone.
        </p>
        <NewKey onMade={setFresh} />
        {fresh !== '' && (
          <div className="fresh-key" role="status">
            <p>
              <strong>Copy the new key now.</strong> It is not shown again.
            </p>
            <CodeBlock code={fresh} />
          </div>
        )}
      </div>
      <ul className="key-list">
        {keys.map((key) => (
          <KeyRow key={key.id} apiKey={key} />
        ))}
      </ul>
    </section>
  );
}

function NewKey({ onMade }: { onMade: (secret: string) => void }): JSX.Element {
  const [name, setName] = useState('');
  const client = useQueryClient();
  const making = useMutation({
    mutationFn: createKey,
    onSuccess: async (secret) => {
      onMade(secret);
      setName('');
      await client.invalidateQueries({ queryKey: accountOptions.queryKey });
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    making.mutate(name.trim());
  };
  return (
    <form className="form-line" onSubmit={submit}>
      <input
        className="text-input"
        aria-label="Name of the new key"
        placeholder="What is it for? “cluster”, “laptop” …"
        maxLength={200}
        required
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <button className="button button-main" disabled={making.isPending}>
        <Icon name="plus" size={14} /> Create key
      </button>
      {making.error && (
        <p className="form-problem" role="alert">
          {making.error.message}
        </p>
      )}
    </form>
  );
}

function KeyRow({ apiKey }: { apiKey: ApiKey }): JSX.Element {
  const [isAsking, setAsking] = useState(false);
  const now = useNow(30_000);
  const client = useQueryClient();
  const removal = useMutation({
    mutationFn: () => revokeKey(apiKey.id),
    onSuccess: () => client.invalidateQueries({ queryKey: accountOptions.queryKey }),
  });
  return (
    <li className="key-row" data-key={apiKey.name}>
      <Icon name="key" />
      <span className="key-name">
        {apiKey.name}
        {apiKey.description !== null && apiKey.description !== apiKey.name && (
          <span className="quiet"> {apiKey.description}</span>
        )}
      </span>
      <span className="quiet key-time" title={formatTime(apiKey.createdAtMs)}>
        made {formatAgo(apiKey.createdAtMs, now)}
      </span>
      {removal.error && <span className="bad-text">{removal.error.message}</span>}
      {isAsking ? (
        <span className="key-actions">
          <button
            className="button button-small button-bad"
            disabled={removal.isPending}
            onClick={() => removal.mutate()}
          >
            Revoke for good
          </button>
          <button className="button button-small" onClick={() => setAsking(false)}>
            Keep
          </button>
        </span>
      ) : (
        <button className="button button-small" onClick={() => setAsking(true)}>
          Revoke
        </button>
      )}
    </li>
  );
}

function Password({ hasPassword }: Pick<Account, 'hasPassword'>): JSX.Element {
  const [current, setCurrent] = useState('');
  const [fresh, setFresh] = useState('');
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: () => changePassword(current, fresh),
    onSuccess: async () => {
      setCurrent('');
      setFresh('');
      await client.invalidateQueries({ queryKey: accountOptions.queryKey });
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <section className="card">
      <div className="card-head">
        <h2>Password</h2>
      </div>
      <form className="account-part form" onSubmit={submit}>
        <p className="quiet">
          {hasPassword
            ? 'A new one ends your sessions in all other browsers.'
            : 'There is none yet: you sign in with a link from the server’s machine.'}
        </p>
        {hasPassword && (
          <label className="form-field">
            <span>Current password</span>
            <input
              className="text-input"
              type="password"
              autoComplete="current-password"
              required
              value={current}
              onChange={(event) => setCurrent(event.target.value)}
            />
          </label>
        )}
        <label className="form-field">
          <span>New password, at least 8 characters</span>
          <input
            className="text-input"
            type="password"
            autoComplete="new-password"
            minLength={8}
            required
            value={fresh}
            onChange={(event) => setFresh(event.target.value)}
          />
        </label>
        {change.error && (
          <p className="form-problem" role="alert">
            {change.error.message}
          </p>
        )}
        {change.isSuccess && fresh === '' && (
          <p className="form-done" role="status">
            The password is set.
          </p>
        )}
        <button className="button form-button" disabled={change.isPending}>
          {hasPassword ? 'Change password' : 'Set password'}
        </button>
      </form>
    </section>
  );
}

function Teams(): JSX.Element | null {
  const { data: viewer } = useQuery(viewerOptions);
  const teams = (viewer?.teams?.edges ?? []).flatMap(({ node }) => (node?.isTeam ? [node] : []));
  if (teams.length === 0) return null;
  return (
    <section className="card">
      <div className="card-head">
        <h2>Teams</h2>
        <span className="count">{teams.length}</span>
      </div>
      <ul className="key-list">
        {teams.map((team) => (
          <li className="key-row" key={team.name}>
            <Icon name="user" />
            <span className="key-name">{team.name}</span>
            <span className="quiet key-time">{team.viewerRole}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
