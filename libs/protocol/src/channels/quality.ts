import { z } from 'zod';

/** Quality components a person can act on, ISO/IEC 29794-1. */
export const qualityReasons = ['blank', 'too-dark', 'too-bright', 'low-contrast', 'blurred', 'glare', 'partly-out-of-view'] as const;
export const qualitySchema = z.strictObject({ score: z.number().int().min(0).max(100), reasons: z.array(z.enum(qualityReasons)).max(7) });
/** Registration accepts samples from this score on (B7). */
export const sampleQualityMin = 80;
