import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { JSX } from 'react';

import { viewerOptions } from '../api/queries';
import { signOut } from '../api/session';
import { Icon } from '../components/icon';
import { Popover } from '../components/popover';

/** Who is signed in, with the ways to the account and out. */
export function AccountMenu(): JSX.Element | null {
  const { data: viewer } = useQuery(viewerOptions);
  if (!viewer) return null;
  const name = viewer.username ?? '';
  const leave = async (): Promise<void> => {
    await signOut();
    window.location.assign('/');
  };
  return (
    <Popover
      className="avatar"
      title={`Account of ${name}`}
      label={<span aria-hidden="true">{name.slice(0, 1).toUpperCase()}</span>}
    >
      <div className="account-menu">
        <p className="account-who">
          <strong>{viewer.name}</strong>
          <span className="quiet">{viewer.email ? `${name} · ${viewer.email}` : name}</span>
        </p>
        <Link className="menu-item" to="/account">
          <Icon name="key" /> Account and API keys
        </Link>
        <button className="menu-item" onClick={() => void leave()}>
          <Icon name="close" /> Sign out
        </button>
      </div>
    </Popover>
  );
}
