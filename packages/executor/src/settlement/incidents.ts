import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Something that only people can put right. */
export interface Incident {
  readonly atMs: number;
  readonly sequence: number;
  readonly sentence: string;
}

/**
 * Writes an incident to a file of its own, so that it outlives logs and restarts.
 *
 * @returns the path.
 */
export function recordIncident(dataDir: string, incident: Incident): string {
  const folder = join(dataDir, 'incidents');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${incident.atMs}-${incident.sequence}.json`);
  writeFileSync(path, `${JSON.stringify(incident, undefined, 2)}\n`);
  return path;
}
