import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeAuthority } from '../authority.ts';

/** An OIDC issuer that publishes one key, and what it takes to sign as it; plain data, so that it can be handed to another process. */
export interface IdentityIssuer {
  readonly issuer: string;
  /** Of tokens for the service. */
  readonly audience: string;
  /** Root of its TLS. */
  readonly caPem: string;
  readonly kid: string;
  readonly keyPem: string;
}

/** Starts an issuer on a free loopback port: it answers every path with its keys (RFC 7517). */
export async function startIdentityIssuer(): Promise<IdentityIssuer & { stop(): Promise<void> }> {
  const authority = await makeAuthority('Identity test root');
  const leaf = await authority.issue({ subject: 'CN=idp', names: ['localhost', '127.0.0.1'], usage: 'server' });
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = randomUUID();
  const jwk = { ...keys.publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' };
  const server = createServer({ cert: leaf.certPem, key: leaf.keyPem }, (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [jwk] }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    issuer: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    audience: 'chancery',
    caPem: authority.certPem,
    kid,
    keyPem: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JWT of the issuer that ends in ten minutes, with these claims besides and before its own. */
export function jwtOf({ issuer, audience, kid, keyPem }: IdentityIssuer, claims: object): string {
  const exp = Math.floor(Date.now() / 1000) + 600;
  const signed = `${part({ alg: 'ES256', kid })}.${part({ iss: issuer, aud: audience, sub: 'ada', exp, ...claims })}`;
  const signature = sign('SHA-256', Buffer.from(signed), { key: keyPem, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}
