import { type CreateAuthentication, type NetworkManifest } from '@boop/protocol';
import { InvalidRequest } from './invalid-request.ts';

type Menu = Pick<NetworkManifest, 'operatingPoints' | 'defaultOperatingPoint'>;

/**
 * The entry of the network's menu by which a context is judged: what the request names, else the loosest one that keeps the request's
 * highest false match rate, else the vendor's own, else the network's default.
 * @throws InvalidRequest for what the menu doesn't hold
 */
export function chooseOperatingPoint(menu: Menu, policy: CreateAuthentication['policy'], ofVendor: string | undefined): string {
  const { operatingPoint, falseMatchRateMax } = policy ?? {};
  if (operatingPoint !== undefined && falseMatchRateMax !== undefined) throw refused('falseMatchRateMax', 'stands instead of an operating point, not beside it');
  if (falseMatchRateMax !== undefined) return loosestWithin(menu, falseMatchRateMax);
  const chosen = operatingPoint ?? ofVendor ?? menu.defaultOperatingPoint;
  if (!menu.operatingPoints.some(({ id }) => id === chosen)) throw refused('operatingPoint', 'is not in the menu of this network');
  return chosen;
}

/** Among those of the default's encoder: terminals encode for one. */
function loosestWithin({ operatingPoints, defaultOperatingPoint }: Menu, falseMatchRateMax: number): string {
  const encoder = operatingPoints.find(({ id }) => id === defaultOperatingPoint)?.encoder;
  const [loosest] = operatingPoints.filter((point) => point.encoder === encoder && point.falseMatchRate <= falseMatchRateMax).sort((a, b) => b.falseMatchRate - a.falseMatchRate);
  if (!loosest) throw refused('falseMatchRateMax', 'is below every rate in the menu of this network');
  return loosest.id;
}

const refused = (field: string, detail: string): InvalidRequest => new InvalidRequest([{ pointer: `/policy/${field}`, detail }]);
