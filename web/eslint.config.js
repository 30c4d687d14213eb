import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '**/out/'] },
  ...tseslint.configs.strict,
  {
    files: ['src/**/*.{ts,tsx}'],
    extends: [reactHooks.configs.flat.recommended],
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      // TanStack Table and Virtual hand out objects that change inside; the compiler skips them.
      'react-hooks/incompatible-library': 'off',
    },
  },
  {
    // Only api/ talks to the network.
    files: ['src/{model,components,charts,pages}/**/*.{ts,tsx}'],
    rules: {
      'no-restricted-globals': ['error', 'fetch', 'EventSource', 'XMLHttpRequest', 'WebSocket'],
    },
  },
  {
    // model/ is pure: no network, no React, no page.
    files: ['src/model/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            'react',
            'react-dom',
            '../api/*',
            '../components/*',
            '../charts/*',
            '../pages/*',
          ],
        },
      ],
    },
  },
);
