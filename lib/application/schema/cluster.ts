import { z } from 'zod';
import { closed } from './closed.ts';

const pem = (what: string) =>
  z
    .string()
    .max(262144)
    .regex(/-----BEGIN [A-Z ]+-----/, `must be ${what} as PEM text`);

const WAYS: readonly (readonly string[])[] = [
  ['kubeconfig'],
  ['server', 'ca', 'token'],
  ['server', 'ca', 'clientCertificate', 'clientKey'],
  ['server', 'ca', 'eks'],
];

/** The body of PUT /v1/clusters/{cluster}: a kubeconfig, or its parts. Secrets in it are write-only. */
export const clusterBody = closed({
  kubeconfig: z
    .string()
    .min(1)
    .max(262144)
    .optional()
    .describe('YAML of a kubeconfig with inline data only: no exec, no auth provider, no file.')
    .meta({ writeOnly: true }),
  server: z
    .url({ protocol: /^https$/, error: 'must be an https URL' })
    .max(2048)
    .optional()
    .describe('The API server.'),
  ca: pem('certificates').optional().describe("The API server's CA."),
  token: z.string().min(1).max(16384).optional().describe("A service account's token.").meta({ writeOnly: true }),
  clientCertificate: pem('a certificate').optional().describe('In place of a token.'),
  clientKey: pem('a private key').optional().describe("The client certificate's key.").meta({ writeOnly: true }),
  eks: closed({
    name: z
      .string()
      .regex(/^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/, 'must be the name of a cluster in EKS')
      .describe('Its name in EKS.'),
    region: z.string().max(64).describe('Its region.'),
    roleArn: z.string().max(2048).optional().describe("The role that is assumed. Default: the service's own."),
  })
    .optional()
    .describe('In place of a token: the cluster knows the service by its role in AWS.'),
}).refine((body) => WAYS.some((way) => sameMembers(Object.keys(body), way)), {
  error: 'must have kubeconfig alone, or server and ca with token, with clientCertificate and clientKey, or with eks',
  params: { code: 'ClusterAccessUnclear' },
});

export type ClusterInput = z.output<typeof clusterBody>;

const sameMembers = (members: readonly string[], way: readonly string[]): boolean =>
  members.length === way.length && way.every((member) => members.includes(member));
