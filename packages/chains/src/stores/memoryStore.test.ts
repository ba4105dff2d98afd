// Goal: the store in memory keeps every promise of ChainStore. Method: the suite for all stores.
import { HandClock } from './fixtures/handClock.ts';
import { storeContract } from './fixtures/storeContract.ts';
import { MemoryStore } from './memoryStore.ts';

storeContract({
  name: 'memory',
  runs: 500,
  start: async () => {
    const time = new HandClock();
    const store = new MemoryStore(time.clock);
    return {
      connect: async () => store.reopen(),
      passTime: async (durationMs) => {
        time.nowMs += durationMs;
      },
      stop: () => store.close(),
    };
  },
});
