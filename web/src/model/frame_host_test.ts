import { expect, it } from 'vitest';

import { sameHostOrigin } from './frame_host';

it('names the address at which a notebook shares the session of this page', () => {
  expect(sameHostOrigin('http://localhost:8888', '127.0.0.1')).toBe('http://127.0.0.1:8888');
  expect(sameHostOrigin('http://127.0.0.1:8888', '127.0.0.1')).toBeNull();
  expect(sameHostOrigin(null, '127.0.0.1')).toBeNull();
});
