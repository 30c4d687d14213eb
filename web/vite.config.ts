import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The server that `npm run dev` forwards to: a real `runstone server`, or dev/mock_server.mjs.
const server = process.env['RUNSTONE_BASE_URL'] ?? 'http://127.0.0.1:7867';
const routes = ['/graphql', '/api', '/files', '/signin'];

export default defineConfig({
  plugins: [react()],
  build: {
    target: 'es2022',
    // Fonts and pictures stay files: the pages' content policy allows no data: addresses.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 800,
  },
  server: {
    proxy: Object.fromEntries(routes.map((route) => [route, { target: server }])),
  },
});
