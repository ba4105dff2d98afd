// Goal: the OpenAPI document covers every route and is well formed.
// Method: structure of the document against the route table, and that every reference resolves.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiReference } from './apiReference.ts';
import { clientMessage, serverMessage } from './messages.ts';
import { answerSchema, openApiDocument, requestSchema } from './openApi.ts';
import { ROUTES } from './routeTable.ts';

const DOCUMENT = openApiDocument('1.2.3');

test('every route is an operation with its parameters, body and answers', () => {
  const paths = DOCUMENT['paths'] as Record<string, Record<string, Record<string, unknown>>>;
  for (const route of ROUTES) {
    const operation = paths[route.path]?.[route.method.toLowerCase()];
    assert.equal(operation?.['operationId'], route.id);
    const parameters = operation?.['parameters'] as { name: string; in: string }[];
    const named = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    assert.deepEqual(
      parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name),
      named,
      route.id,
    );
    assert.equal(operation?.['requestBody'] !== undefined, route.body !== undefined, route.id);
  }
});

test('ids and pairs of method and path are unique', () => {
  assert.equal(new Set(ROUTES.map(({ id }) => id)).size, ROUTES.length);
  assert.equal(new Set(ROUTES.map(({ method, path }) => `${method} ${path}`)).size, ROUTES.length);
});

test('every reference resolves inside the document, and nothing outside is named', () => {
  const text = JSON.stringify(DOCUMENT);
  for (const [, path = ''] of text.matchAll(/"\$ref":"([^"]+)"/g)) {
    assert.ok(path.startsWith('#/'), path);
    let place: unknown = DOCUMENT;
    for (const part of path.slice(2).split('/')) place = (place as Record<string, unknown>)[part];
    assert.ok(place, path);
  }
  assert.doesNotMatch(text, /https?:\/\//);
});

test('names on the wire are camelCase, save for the compatible routes', () => {
  const names = (schema: unknown): string[] => {
    if (Array.isArray(schema)) return schema.flatMap(names);
    if (typeof schema !== 'object' || schema === null) return [];
    const { properties } = schema as { properties?: object };
    const own = typeof properties === 'object' ? Object.keys(properties) : [];
    return [...own, ...Object.values(schema).flatMap(names)];
  };
  const schemas = ROUTES.filter(({ tag }) => tag !== 'compatibility').flatMap((route) => [
    requestSchema(route.params),
    requestSchema(route.query),
    ...(route.body === undefined ? [] : [requestSchema(route.body)]),
    ...(route.response === undefined ? [] : [answerSchema(route.response)]),
  ]);
  for (const name of names([
    ...schemas,
    requestSchema(clientMessage),
    answerSchema(serverMessage),
  ])) {
    assert.match(name, /^[a-z][a-zA-Z0-9]*$/);
  }
});

test('the reference page names every route and every message', () => {
  const page = apiReference();
  for (const { method, path } of ROUTES) assert.ok(page.includes(`\`${method} ${path}\``), path);
  for (const op of ['subscribe', 'authenticate', 'submit', 'answers', 'warning', 'pong']) {
    assert.ok(page.includes(`#### \`${op}\``), op);
  }
});
