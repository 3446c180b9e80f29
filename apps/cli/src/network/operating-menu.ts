import { FALSE_MATCH_RATE_DEFAULT, operatingPoints, thresholdFor } from '@boop/biometric';
import { type NetworkManifest } from '@boop/protocol';

/** The default operating point keeps its false positive rate for galleries up to this size. */
const GALLERY_SIZE_DEFAULT = 100;

/** The operating points of a new network. */
export const operatingMenu = (): Pick<NetworkManifest, 'operatingPoints' | 'defaultOperatingPoint'> => ({
  operatingPoints: operatingPoints.map(({ encoder, falseMatchRate, theta }) => ({ id: operatingPointId(falseMatchRate), encoder, falseMatchRate, theta })),
  defaultOperatingPoint: operatingPointId(thresholdFor(FALSE_MATCH_RATE_DEFAULT, GALLERY_SIZE_DEFAULT).falseMatchRate),
});

/** `fmr-1e-8` for a false match rate of 10^-8 per comparison. */
const operatingPointId = (falseMatchRate: number): string => `fmr-${falseMatchRate.toExponential()}`;
