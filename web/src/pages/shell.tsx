import { Link, Outlet, useParams } from '@tanstack/react-router';
import { useEffect, useSyncExternalStore, type JSX } from 'react';

import { Icon, Logo, type IconName } from '../components/icon';
import { useTheme, type ThemeChoice } from '../components/theme';
import { AccountMenu } from './account_menu';
import { isEmbedded } from './embedded';
import { EmbeddedSignin } from './embedded_run';
import { session } from './session';
import { SigninPage } from './signin_page';

/** The frame around every page: where you are, and the theme. */
export function Shell(): JSX.Element {
  const isSignedOut = useSyncExternalStore(session.subscribe, session.isSignedOut);
  const { entity, project, run, sweep } = useParams({ strict: false });
  useEffect(() => {
    document.title = [run ?? sweep, project, 'Runstone'].filter(Boolean).join(' · ');
  }, [project, run, sweep]);
  if (isSignedOut) return isEmbedded ? <EmbeddedSignin /> : <SigninPage />;
  if (isEmbedded && run) return <Outlet />;
  return (
    <>
      <header className="topbar">
        <Link to="/" className="brand" aria-label="Runstone, all projects">
          <Logo size={24} />
          <span>Runstone</span>
        </Link>
        <nav className="crumbs" aria-label="Place">
          {entity && project && (
            <>
              <span className="crumb-slash">/</span>
              <Link className="crumb" to="/$entity/$project" params={{ entity, project }}>
                {project}
              </Link>
            </>
          )}
          {(run ?? sweep) && (
            <>
              <span className="crumb-slash">/</span>
              <span className="crumb crumb-last">{run ?? sweep}</span>
            </>
          )}
        </nav>
        <ThemeToggle />
        <AccountMenu />
      </header>
      <Outlet />
    </>
  );
}

const nextChoice: Record<ThemeChoice, ThemeChoice> = {
  system: 'light',
  light: 'dark',
  dark: 'system',
};
const choiceIcon: Record<ThemeChoice, IconName> = { system: 'system', light: 'sun', dark: 'moon' };

function ThemeToggle(): JSX.Element {
  const { choice, choose } = useTheme();
  return (
    <button
      className="icon-button"
      title={`Theme: ${choice}`}
      aria-label={`Theme: ${choice}. Change to ${nextChoice[choice]}.`}
      onClick={() => choose(nextChoice[choice])}
    >
      <Icon name={choiceIcon[choice]} />
    </button>
  );
}
