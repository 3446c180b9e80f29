import { type FaultHook as Hook } from '@boop/platform';

/** Every durable write of a registration and of an erasure, in order, by name. */
export const GALLERY_FAULT_POINTS = ['split.remember', 'registration.prepare', 'registration.commit', 'registration.drop', 'erasure.rows'] as const;
export type GalleryFaultPoint = (typeof GALLERY_FAULT_POINTS)[number];

export type GalleryFaultHook = Hook<GalleryFaultPoint>;
