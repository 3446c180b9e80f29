import { fuzzSuite } from './testing/fuzz-suite.ts';

/** Requests per operation. */
fuzzSuite({ runs: Number(process.env['BOOP_FUZZ_RUNS'] ?? 400) });
