import { inLanes } from '../../async/lanes.ts';
import type { WebhookSpec } from '../../domain/spec.ts';
import { DnsError, type TxtValue } from '../../ports/dnsProvider.ts';
import { type HttpClient, NetError } from '../net/http.ts';

/** dns01 by somebody's HTTP service. Both acts may be repeated: the service must take a value twice, and a clean-up of nothing. */

const TIMEOUT = 20_000;
/** The answer's body is not read for anything. */
const MAX_BYTES = 64 * 1024;

/** Failures of the network that time does not cure. */
const LASTING = ['AddressRefused', 'BadUrl', 'TlsUntrusted'];

export interface Webhook {
  readonly http: HttpClient;
  readonly spec: WebhookSpec;
  /** Bearer token. */
  readonly token: string | undefined;
}

/**
 * POSTs every value to `{url}/{act}` as `{"fqdn": "_acme-challenge.example.com.", "value": "..."}`, at most 8 at a time.
 * @throws DnsError `WebhookRefused` with the status, or `WebhookUnreachable`; never with anything of the answer's body
 */
export async function callWebhook(to: Webhook, act: 'present' | 'cleanup', values: readonly TxtValue[]): Promise<void> {
  await inLanes(values, (value) => post(to, act, value));
}

async function post({ http, spec, token }: Webhook, act: string, { fqdn, value }: TxtValue): Promise<void> {
  const url = `${spec.url.replace(/\/+$/, '')}/${act}`;
  const status = await http
    .request({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token.trim()}` } : {}) },
      // With the dot, as existing receivers of this shape expect a fully qualified name.
      body: JSON.stringify({ fqdn: `${fqdn}.`, value }),
      ...(spec.caBundle ? { ca: spec.caBundle } : {}),
      timeout: TIMEOUT,
      maxBytes: MAX_BYTES,
      idempotent: true,
    })
    .then(
      (response) => response.status,
      (error) => {
        throw unreachable(url, error);
      },
    );
  if (status >= 200 && status < 300) return;
  const retry = status >= 500 || status === 429 || status === 408;
  throw new DnsError('WebhookRefused', `the webhook ${url} answered ${status} for ${fqdn}`, retry);
}

function unreachable(url: string, error: unknown): unknown {
  if (!(error instanceof NetError)) return error;
  const message = `the webhook ${url} cannot be reached (${error.code}): ${error.message}`;
  return new DnsError('WebhookUnreachable', message, !LASTING.includes(error.code));
}
