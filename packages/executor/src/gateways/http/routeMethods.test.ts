// Goal: a path is known by its patterns, and only by them. Method: patterns of each form.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RouteMethods } from './routeMethods.ts';

const routes = new RouteMethods();
routes.add('/v1/orders', ['POST']);
routes.add('/v1/orders', ['HEAD', 'GET']);
routes.add('/v1/orders/:orderId', ['DELETE']);
routes.add('/docs/*', ['GET']);
routes.add('/openapi.json', ['GET']);
routes.add('*', ['OPTIONS']);

test('joins the methods of every pattern that a path fits', () => {
  assert.deepEqual(routes.of('/v1/orders'), ['GET', 'HEAD', 'POST']);
  assert.deepEqual(routes.of('/v1/orders?open=true'), ['GET', 'HEAD', 'POST']);
  assert.deepEqual(routes.of('/v1/orders/0x12'), ['DELETE']);
  assert.deepEqual(routes.of('/docs/js/page.js'), ['GET']);
});

test('knows nothing of other paths', () => {
  for (const path of ['/', '/v1', '/v1/orders/', '/v1/orders/a/b', '/openapi-json', '/nothing']) {
    assert.deepEqual(routes.of(path), [], path);
  }
});
