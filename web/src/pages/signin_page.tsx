import type { JSX } from 'react';

import { CodeBlock } from '../components/code_block';
import { Logo } from '../components/icon';

/** Shown in place of every page while the server answers 401. */
export function SigninPage(): JSX.Element {
  return (
    <main className="signin">
      <div className="card signin-card">
        <Logo size={44} />
        <h1>Sign in to Runstone</h1>
        <p className="quiet">
          This browser has no session with the server. On the machine where it runs, type
        </p>
        <CodeBlock code="runstone signin" />
        <p className="quiet">and open the link that it prints. The link works once.</p>
        <button className="button" onClick={() => window.location.reload()}>
          Try again
        </button>
      </div>
    </main>
  );
}
