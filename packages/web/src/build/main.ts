import { buildPage, pageCaches } from './buildPage.ts';

/**
 * The program that builds the page beside a venue: bundling takes seconds of a core and memory that
 * the venue shall not hold. Its argument is the data directory; its one message to its parent is
 * the finished build, and it ends when its parent does.
 */
process.once('disconnect', () => process.exit(1));
const [, , dataFolder = '.'] = process.argv;
const built = await buildPage(pageCaches(dataFolder));
process.send?.(built, () => process.exit(0));
