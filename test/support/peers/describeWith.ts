import { describe } from 'vitest';
import { type PeerName, whyMissing } from './missing.ts';

/** `describe` for suites that need peers: without one of them the suite is skipped, and its title says why and what to do. */
export function describeWith(peers: readonly PeerName[], title: string, body: () => void): void {
  const reasons = peers.map(whyMissing).filter((reason) => reason !== undefined);
  if (reasons.length === 0) describe(title, body);
  else describe.skip(`${title} [skipped: ${reasons.join('; ')}]`, body);
}
