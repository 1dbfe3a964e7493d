import type { Certificate } from './answers.ts';
import { conditionOf } from './certificates.ts';
import { plain } from './terminal.ts';
import { withDistance } from './time.ts';

/** How a certificate stands, in a few lines. */
export function standing(certificate: Certificate): string[] {
  const { team, name, status } = certificate;
  const ready = conditionOf(certificate, 'Ready');
  if (status.revision === undefined) return [];
  const lines = [
    `certificate ${team}/${name} ${ready?.status === 'True' ? 'is ready' : 'is not ready'}: revision ${status.revision}, ` +
      `valid until ${withDistance(status.notAfter)}`,
  ];
  const places = status.deliveries.map(({ destination, status: state }) => `  ${destination}  ${state}`);
  return [...lines, ...places].map(plain);
}
