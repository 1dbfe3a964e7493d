import { z } from 'zod';
import { durationSeconds } from '../../domain/duration.ts';
import { Refusal } from '../../domain/refusal.ts';
import { closed } from './closed.ts';

/** Whose defaults an input takes where the two differ: our own API's, or cert-manager's for its manifests. */
export type Defaults = 'chancery' | 'cert-manager';

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';

/** What Kubernetes calls an RFC 1123 label: namespaces, and our teams and clusters. */
export const labelName = z
  .string()
  .regex(new RegExp(`^${LABEL}$`), 'must be 1 to 63 lower-case letters, digits and hyphens, no hyphen at an end');

/** What Kubernetes calls an RFC 1123 subdomain: Secrets, and our other resources. */
export const subdomainName = z
  .string()
  .max(253)
  .regex(
    new RegExp(`^${LABEL}(?:\\.${LABEL})*$`),
    'must be lower-case letters, digits, hyphens and dots, as a host name',
  );

/** A Go duration such as `2160h` or `1h30m`; its bounds are judged where it is used. */
export const duration = z
  .string()
  .refine((text) => durationSeconds(text) !== undefined, { error: 'must be a duration such as 2160h, 90m or 1h30m' });

/** A Credential of the same owner, or one key of it. Shaped as cert-manager's SecretKeySelector. */
export const credentialRef = closed({
  name: subdomainName.describe('The Credential.'),
  key: z.string().min(1).max(253).optional().describe('Which of its keys; not needed when it has one.'),
});

/** A reference to an issuer of the team or a shared one. `group` is accepted as cert-manager's and is not kept. */
export const issuerRef = closed({
  name: subdomainName.describe("The issuer's name."),
  kind: z
    .enum(['Issuer', 'ClusterIssuer'])
    .optional()
    .describe("Issuer: the team's own (default). ClusterIssuer: shared."),
  group: z.enum(['cert-manager.io', 'chancery.dev']).optional().describe('Accepted; has no effect.'),
});

/**
 * Checks a name that did not come in a body, such as one in a URL.
 * @throws Refusal `InvalidName`
 */
export function checkName(schema: typeof labelName | typeof subdomainName, name: string, field: string): string {
  const result = schema.safeParse(name);
  if (result.success) return name;
  throw new Refusal('InvalidName', result.error.issues[0]!.message, { field });
}
