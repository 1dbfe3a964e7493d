import { SHARED } from './issuer.ts';
import type { IssuerRef } from './spec.ts';

/** An issuer as metrics name it: `team/name`, or the name alone of one that is shared. */
export const issuerLabel = (team: string, { kind, name }: IssuerRef): string =>
  kind === 'ClusterIssuer' ? name : `${team}/${name}`;

/** The same, by whose it is. */
export const issuerLabelAt = (owner: string, name: string): string => (owner === SHARED ? name : `${owner}/${name}`);

/** Whose the issuer of a label is, and its name. */
export function issuerPlaceOf(label: string): readonly [owner: string, name: string] {
  const slash = label.indexOf('/');
  return slash < 0 ? [SHARED, label] : [label.slice(0, slash), label.slice(slash + 1)];
}
