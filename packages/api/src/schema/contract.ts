import { REJECTIONS } from '@lawbook/exchange/failures/rejectionCodes';
import { clientMessage, serverMessage } from './messages.ts';
import type { JsonObject } from './openApi.ts';
import { answerSchema, requestSchema } from './openApi.ts';
import { rejectionBody } from './rejectionView.ts';
import { ROUTES } from './routeTable.ts';

/** Everything that clients build on, as plain JSON. */
export interface Contract {
  readonly routes: Readonly<Record<string, RouteContract>>;
  readonly messages: { readonly fromClient: JsonObject; readonly fromServer: JsonObject };
  readonly rejection: JsonObject;
  /** Codes of refusals with their numbers. */
  readonly codes: Readonly<Record<string, number>>;
}

/** What one route promises. */
export interface RouteContract {
  readonly method: string;
  readonly path: string;
  readonly access: JsonObject;
  readonly contentType: string;
  readonly params: JsonObject;
  readonly query: JsonObject;
  readonly body: JsonObject | undefined;
  readonly response: JsonObject | undefined;
}

/** The contract as the sources have it now. */
export function currentContract(): Contract {
  const routes = ROUTES.map((route) => {
    const promise: RouteContract = {
      method: route.method,
      path: route.path,
      access: { ...route.access },
      contentType: route.contentType,
      params: requestSchema(route.params),
      query: requestSchema(route.query),
      body: route.body === undefined ? undefined : requestSchema(route.body),
      response: route.response === undefined ? undefined : answerSchema(route.response),
    };
    return [route.id, promise] as const;
  });
  const contract: Contract = {
    routes: Object.fromEntries(routes),
    messages: {
      fromClient: requestSchema(clientMessage),
      fromServer: answerSchema(serverMessage),
    },
    rejection: answerSchema(rejectionBody),
    codes: Object.fromEntries(
      Object.entries(REJECTIONS).map(([code, { number }]) => [code, number]),
    ),
  };
  return JSON.parse(JSON.stringify(contract)) as Contract;
}

/** A contract as it stands in the repository. */
export function contractText(contract: Contract): string {
  return `${JSON.stringify(contract, undefined, 1)}\n`;
}

/**
 * What in a contract breaks clients that were written against a published one, one sentence each.
 *
 * Requests may only ask for less and take more; answers may only promise more. Descriptions are
 * free. A pattern or bound that differs at all counts as a break: nobody can tell which way.
 */
export function breakingChanges(published: Contract, current: Contract): string[] {
  const breaks: string[] = [];
  for (const [id, was] of Object.entries(published.routes)) {
    const is = current.routes[id];
    if (is === undefined) {
      breaks.push(`route ${id} is gone`);
      continue;
    }
    for (const key of ['method', 'path', 'contentType'] as const) {
      if (was[key] !== is[key]) breaks.push(`${id}: ${key} was ${was[key]}, is ${is[key]}`);
    }
    if (JSON.stringify(was.access) !== JSON.stringify(is.access)) {
      breaks.push(`${id}: access changed`);
    }
    breaks.push(...compare(was.params, is.params, { place: `${id}.params`, asked: true }));
    breaks.push(...compare(was.query, is.query, { place: `${id}.query`, asked: true }));
    breaks.push(...compare(was.body, is.body, { place: `${id}.body`, asked: true }));
    breaks.push(...compare(was.response, is.response, { place: `${id}.response`, asked: false }));
  }
  for (const [code, number] of Object.entries(published.codes)) {
    if (current.codes[code] !== number) breaks.push(`code ${code} is no longer number ${number}`);
  }
  const { messages } = published;
  breaks.push(
    ...compare(messages.fromClient, current.messages.fromClient, { place: 'ws.in', asked: true }),
    ...compare(messages.fromServer, current.messages.fromServer, { place: 'ws.out', asked: false }),
    ...compare(published.rejection, current.rejection, { place: 'rejection', asked: false }),
  );
  return breaks;
}

interface Side {
  readonly place: string;
  /** True for what clients send, false for what they read. */
  readonly asked: boolean;
}

const FREE = new Set(['description', 'title', 'examples', 'properties', 'required', 'enum']);
const LISTS = ['anyOf', 'oneOf'] as const;

function compare(was: unknown, is: unknown, side: Side): string[] {
  const { place, asked } = side;
  if (!isObject(was) || !isObject(is)) {
    // A route that begins to read a body breaks nobody who sends none only if it may be absent.
    return JSON.stringify(was) === JSON.stringify(is) ? [] : [`${place} changed`];
  }
  const breaks: string[] = [];
  breaks.push(...compareProperties(was, is, side), ...compareEnum(was, is, side));
  for (const list of LISTS) {
    const [before, after] = [was[list], is[list]];
    if (Array.isArray(before)) breaks.push(...compareList(before, after, side));
  }
  for (const key of new Set([...Object.keys(was), ...Object.keys(is)])) {
    if (FREE.has(key) || (LISTS as readonly string[]).includes(key)) continue;
    if (isObject(was[key]) && isObject(is[key])) {
      breaks.push(...compare(was[key], is[key], { place: `${place}.${key}`, asked }));
    } else if (JSON.stringify(was[key]) !== JSON.stringify(is[key])) {
      breaks.push(`${place}.${key} changed`);
    }
  }
  return breaks;
}

function compareProperties(was: JsonObject, is: JsonObject, { place, asked }: Side): string[] {
  const before = (was['properties'] ?? {}) as JsonObject;
  const after = (is['properties'] ?? {}) as JsonObject;
  const requiredBefore = new Set((was['required'] ?? []) as string[]);
  const requiredAfter = new Set((is['required'] ?? []) as string[]);
  const breaks: string[] = [];
  for (const [name, schema] of Object.entries(before)) {
    if (after[name] === undefined) breaks.push(`${place}.${name} is gone`);
    else breaks.push(...compare(schema, after[name], { place: `${place}.${name}`, asked }));
    const promised = !asked && requiredBefore.has(name) && !requiredAfter.has(name);
    if (promised) breaks.push(`${place}.${name} is no longer always there`);
  }
  for (const name of requiredAfter) {
    if (asked && !requiredBefore.has(name)) breaks.push(`${place}.${name} is required now`);
  }
  return breaks;
}

function compareEnum(was: JsonObject, is: JsonObject, { place, asked }: Side): string[] {
  const before = (was['enum'] ?? []) as unknown[];
  const after = (is['enum'] ?? []) as unknown[];
  const lost = before.filter((entry) => !after.includes(entry));
  const gained = asked ? [] : after.filter((entry) => !before.includes(entry));
  return [...lost, ...gained].map((entry) => `${place}: ${String(entry)} is gone or new`);
}

function compareList(before: readonly unknown[], after: unknown, side: Side): string[] {
  const list = Array.isArray(after) ? after : [];
  return before.flatMap((entry, k) => {
    const name = nameOf(entry);
    const match =
      name === undefined ? list[k] : list.find((candidate) => nameOf(candidate) === name);
    return compare(entry, match, { ...side, place: `${side.place}(${name ?? k})` });
  });
}

/** The constant that tells the alternatives of a union apart. */
function nameOf(schema: unknown): string | undefined {
  const properties = isObject(schema) ? schema['properties'] : undefined;
  if (!isObject(properties)) return undefined;
  for (const key of ['op', 'kind']) {
    const property = properties[key];
    if (isObject(property) && typeof property['const'] === 'string') return property['const'];
  }
  return undefined;
}

function isObject(schema: unknown): schema is JsonObject {
  return typeof schema === 'object' && schema !== null && !Array.isArray(schema);
}
