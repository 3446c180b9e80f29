import { GALLERY_FAULT_POINTS } from '../store/fault-points.ts';
import { type GalleryCrash, galleryCrashSuite } from '../testing/gallery-crash-suite.ts';

const victims = [1, 4];
const around = (point: GalleryCrash['point']) => victims.flatMap((victim) => (['before', 'after'] as const).map((when) => ({ point, when, victim })));

/** Every durable write, before and after it, at the node that leads and at one that follows. */
galleryCrashSuite('any node that dies at any write of a registration or an erasure', GALLERY_FAULT_POINTS.flatMap(around), around('registration.commit'));
