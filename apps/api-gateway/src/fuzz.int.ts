import { fuzzSuite } from './testing/fuzz-suite.ts';

fuzzSuite({ runs: 5 });
