// Loaded before anything else (`node --import`): changes one product source while it is loaded, so
// that a planted fault exists in this process only and in no file. `LAWBOOK_PLANTED` names it.
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { invariant } from '@lawbook/exchange/failures/invariant';
import { plantedFault } from './plantedFaults.ts';

const fault = plantedFault(process.env['LAWBOOK_PLANTED'] ?? '');
const target = fileURLToPath(new URL(`../../../${fault.file}`, import.meta.url));

registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context);
    if (!url.startsWith('file:') || fileURLToPath(url) !== target) return loaded;
    const source = String(Buffer.from(loaded.source as Uint8Array));
    invariant(source.split(fault.find).length === 2, 'what is replaced stands there once');
    process.stderr.write(`planted ${fault.name} in ${fault.file}\n`);
    return { ...loaded, source: source.replace(fault.find, () => fault.replace) };
  },
});
