import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';

import { AccountPage } from './account_page';
import { NotFound } from './not_found';
import { ProjectPage } from './project_page';
import { ProjectsPage } from './projects_page';
import { RunPage } from './run_page';
import {
  parseSearch,
  readProjectSearch,
  readRunSearch,
  runTabs,
  stringifySearch,
} from './search_params';
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

const sweeps = createRoute({
  getParentRoute: () => root,
  path: '/$entity/$project/sweeps',
  component: lazyRouteComponent(() => import('./sweeps_page'), 'SweepsPage'),
});

const sweep = createRoute({
  getParentRoute: () => root,
  path: '/$entity/$project/sweeps/$sweep',
  validateSearch: readProjectSearch,
  component: lazyRouteComponent(() => import('./sweep_page'), 'SweepPage'),
});

// Addresses that the stock client prints, or that people have in their notes, for what has its place
// on another page here.

const entity = createRoute({
  getParentRoute: () => root,
  path: '/$entity',
  component: lazyRouteComponent(() => import('./entity_page'), 'EntityPage'),
});

const projectPlaces = ['workspace', 'runs', 'table', 'overview'].map((name) =>
  createRoute({
    getParentRoute: () => root,
    path: `/$entity/$project/${name}`,
    beforeLoad: ({ params }) => {
      throw redirect({
        to: '/$entity/$project',
        params: params as { entity: string; project: string },
      });
    },
  }),
);

const group = createRoute({
  getParentRoute: () => root,
  path: '/$entity/$project/groups/$group',
  beforeLoad: ({ params: { entity, project, group } }) => {
    throw redirect({ to: '/$entity/$project', params: { entity, project }, search: { q: group } });
  },
});

const runTab = createRoute({
  getParentRoute: () => root,
  path: '/$entity/$project/runs/$run/$tab',
  beforeLoad: ({ params: { entity, project, run, tab } }) => {
    const known = runTabs.find((name) => name === tab);
    throw redirect({
      to: '/$entity/$project/runs/$run',
      params: { entity, project, run },
      search: known ? { tab: known } : {},
    });
  },
});

const withoutPage = [
  '/$entity/$project/artifacts',
  '/$entity/$project/artifacts/$',
  '/$entity/$project/reports',
  '/$entity/$project/reports/$',
  '/$entity/registry/$',
  '/orgs/$entity/registry/$',
].map((path) =>
  createRoute({
    getParentRoute: () => root,
    path,
    component: lazyRouteComponent(() => import('./read_by_code_page'), 'ReadByCodePage'),
  }),
);

export const router = createRouter({
  routeTree: root.addChildren([
    projects,
    home,
    account,
    authorize,
    entity,
    project,
    run,
    sweeps,
    sweep,
    group,
    runTab,
    ...projectPlaces,
    ...withoutPage,
  ]),
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
