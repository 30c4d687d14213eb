import { useState, type FormEvent, type JSX } from 'react';

import { ApiError } from '../api/http';
import { signIn } from '../api/session';
import { CodeBlock } from '../components/code_block';
import { Logo } from '../components/icon';

/** Shown in place of every page while the server answers 401. */
export function SigninPage(): JSX.Element {
  return (
    <main className="signin">
      <div className="card signin-card">
        <header className="signin-head">
          <Logo size={44} />
          <h1>Sign in to Runstone</h1>
        </header>
        <PasswordForm />
        <section className="signin-link">
          <h2>No password yet?</h2>
          <p className="quiet">
            On the machine where the server runs, this prints a link that signs you in. It works
            once; a password can then be set on the account page.
          </p>
          <CodeBlock code="runstone signin" />
          <p className="quiet">
            For another user: <code>runstone user signin NAME</code>, or a password with{' '}
            <code>runstone user password NAME</code>.
          </p>
        </section>
      </div>
    </main>
  );
}

function PasswordForm(): JSX.Element {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setProblem('');
    try {
      await signIn(name.trim(), password);
      // Every page begins anew, as the one who has signed in.
      window.location.reload();
    } catch (error) {
      setBusy(false);
      setPassword('');
      setProblem(error instanceof ApiError ? sentence(error.message) : String(error));
    }
  };

  return (
    <form className="form" onSubmit={(event) => void submit(event)}>
      <label className="form-field">
        <span>Name</span>
        <input
          className="text-input"
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          autoFocus
          required
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </label>
      <label className="form-field">
        <span>Password</span>
        <input
          className="text-input"
          name="password"
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
      </label>
      {problem !== '' && (
        <p className="form-problem" role="alert">
          {problem}
        </p>
      )}
      <button className="button button-main" type="submit" disabled={isBusy}>
        {isBusy ? 'Signing in …' : 'Sign in'}
      </button>
    </form>
  );
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.');
}
