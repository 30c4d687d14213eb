import { createRootRoute, createRoute, createRouter, redirect } from '@tanstack/react-router';

import { AccountPage } from './account_page';
import { NotFound } from './not_found';
import { ProjectPage } from './project_page';
import { ProjectsPage } from './projects_page';
import { RunPage } from './run_page';
import { parseSearch, readProjectSearch, readRunSearch, stringifySearch } from './search_params';
import { Shell } from './shell';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const projects = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: ProjectsPage,
});

// The stock client prints links to /home.
const home = createRoute({
  getParentRoute: () => root,
  path: '/home',
  beforeLoad: () => {
    throw redirect({ to: '/' });
  },
});

const account = createRoute({
  getParentRoute: () => root,
  path: '/account',
  component: AccountPage,
});

// Where the stock client sends people for a key.
const authorize = createRoute({
  getParentRoute: () => root,
  path: '/authorize',
  component: AccountPage,
});

const project = createRoute({
  getParentRoute: () => root,
  path: '/$entity/$project',
  validateSearch: readProjectSearch,
  component: ProjectPage,
});

const run = createRoute({
  getParentRoute: () => root,
  path: '/$entity/$project/runs/$run',
  validateSearch: readRunSearch,
  component: RunPage,
});

export const router = createRouter({
  routeTree: root.addChildren([projects, home, account, authorize, project, run]),
  parseSearch,
  stringifySearch,
  defaultPreload: false,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
