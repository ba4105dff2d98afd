import { z } from 'zod';
import { configSchema } from './configSchema.ts';

/** One key of the configuration, as documentation, environment and masking see it. */
export interface Setting {
  /** Dotted, such as `http.port`. */
  readonly path: string;
  /** Name of its environment variable, such as `LAWBOOK_HTTP__PORT`. */
  readonly environmentName: string;
  readonly kind: 'string' | 'integer' | 'boolean' | 'list' | 'map';
  readonly meaning: string;
  readonly preset: unknown;
  /** What a lawful setting looks like, beyond its kind. */
  readonly bounds: string;
  readonly secret: boolean;
}

/** Prefix of every environment variable that the venue reads. */
export const ENVIRONMENT_PREFIX = 'LAWBOOK_';

/** Every key in the order of the schema. */
export function listSettings(): Setting[] {
  return settingsBelow(z.toJSONSchema(configSchema, { io: 'input' }) as SchemaNode, '');
}

/** The part of JSON Schema that the schema of the configuration uses. */
interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly items?: SchemaNode;
  readonly additionalProperties?: boolean | SchemaNode;
  readonly secret?: boolean;
}

function settingsBelow(node: SchemaNode, prefix: string): Setting[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    return child.properties === undefined ? [toSetting(path, child)] : settingsBelow(child, path);
  });
}

function toSetting(path: string, node: SchemaNode): Setting {
  return {
    path,
    environmentName: environmentName(path),
    kind: kindOf(node),
    meaning: node.description ?? '',
    preset: node.default,
    bounds: describeBounds(node),
    secret: node.secret ?? false,
  };
}

function environmentName(path: string): string {
  const snake = path.replace(/[A-Z]/g, (letter) => `_${letter}`).replaceAll('.', '__');
  return `${ENVIRONMENT_PREFIX}${snake.toUpperCase()}`;
}

function kindOf(node: SchemaNode): Setting['kind'] {
  if (node.type === 'integer' || node.type === 'boolean') return node.type;
  if (node.type === 'array') return 'list';
  return node.type === 'object' ? 'map' : 'string';
}

function describeBounds(node: SchemaNode): string {
  if (node.enum !== undefined) return node.enum.join(', ');
  if (node.type === 'integer') return `${node.minimum} to ${node.maximum}`;
  if (node.minLength !== undefined && node.minLength > 1) {
    return `at least ${node.minLength} characters`;
  }
  return '';
}
