import { GALLERY_FAULT_POINTS } from '../store/fault-points.ts';
import { galleryCrashSuite } from '../testing/gallery-crash-suite.ts';

/** Every durable write, before and after it, at the node that leads and at one that follows. */
galleryCrashSuite(
  'any node that dies at any write of a registration or an erasure',
  [1, 4].flatMap((victim) => GALLERY_FAULT_POINTS.flatMap((point) => (['before', 'after'] as const).map((when) => ({ point, when, victim })))),
);
