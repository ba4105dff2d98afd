import { join } from 'node:path';
import { Fault } from '@lawbook/exchange/failures/fault';
import { errnoOf } from './journal/journalFault.ts';
import { readWhole, writeReplacing } from './journal/wholeFile.ts';
import type { VenueEnvironment } from './venueEnvironment.ts';

/**
 * The server key behind session secrets: made on first start, kept beside the journal, readable by
 * its owner only. Losing it ends all sessions and nothing else. A crash leaves the whole key or
 * none, so that no start is refused for what a crash left behind.
 *
 * @throws Fault SESSION_KEY_UNREADABLE, also for a file of another length: with an empty key
 * anybody could compute the secrets of all sessions.
 */
export async function openSessionKey(
  dataDir: string,
  { disk, randomBytes }: Pick<VenueEnvironment, 'disk' | 'randomBytes'>,
): Promise<Uint8Array> {
  const path = join(dataDir, NAME);
  const found = await readKey(disk, path);
  if (found?.length === SESSION_KEY_BYTES) return found;
  if (found !== undefined) {
    const rule = `holds ${found.length} bytes instead of ${SESSION_KEY_BYTES}`;
    throw new Fault(`The session key ${path} ${rule}. Delete it: sessions end, nothing else.`, {
      code: 'SESSION_KEY_UNREADABLE',
      fields: { path },
    });
  }
  const bytes = randomBytes(SESSION_KEY_BYTES);
  await writeReplacing(disk, { directory: dataDir, name: NAME, bytes });
  return bytes;
}

const NAME = 'session.key';
const SESSION_KEY_BYTES = 32;

async function readKey(
  disk: VenueEnvironment['disk'],
  path: string,
): Promise<Uint8Array | undefined> {
  try {
    return await readWhole(disk, path);
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    throw new Fault(`The session key ${path} cannot be read. Check its permissions.`, {
      code: 'SESSION_KEY_UNREADABLE',
      fields: { path },
      cause,
    });
  }
}
