import { MemoryLogStore } from '../testing/memory-log-store.ts';
import { describeLogStore } from './log-store.conformance.ts';

describeLogStore('memory', async () => new MemoryLogStore());
