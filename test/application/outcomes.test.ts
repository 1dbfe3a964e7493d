import { afterEach, beforeEach, expect, it } from 'vitest';
import { push, recordPushFailure } from '../../lib/application/delivery/push.ts';
import { recordFailure } from '../../lib/application/issuance/recordFailure.ts';
import { store } from '../../lib/application/issuance/store.ts';
import type { Services } from '../../lib/application/services.ts';
import { certificateDecider } from '../../lib/domain/certificate.decide.ts';
import { certificateStream } from '../../lib/domain/certificate.ts';
import { deliveryDecider } from '../../lib/domain/delivery.decide.ts';
import { deliveryStream } from '../../lib/domain/delivery.ts';
import type { Destination } from '../../lib/domain/destination.ts';
import { destinationKey } from '../../lib/domain/destination.ts';
import { issuerDecider, issuerStream } from '../../lib/domain/issuer.ts';
import { policyOf } from '../../lib/domain/policy.ts';
import { teamDecider, teamStream } from '../../lib/domain/team.ts';
import type { PushResult } from '../../lib/ports/destinations.ts';
import type { Measurement } from '../../lib/ports/metrics.ts';
import { issueNow, startIssuance } from '../support/issue.ts';
import { type TestServices, testServices } from '../support/services.ts';
import { specOf } from '../support/specs.ts';

const meta = { actor: 'test' };
const to: Destination = { kind: 'directory', path: '/srv/tls' };
const delivery = deliveryStream(destinationKey(to));
const stream = certificateStream('web', 'app');

let made: TestServices;
let services: Services;
let counted: Measurement[];
let answer: PushResult;

beforeEach(async () => {
  made = testServices();
  counted = [];
  services = {
    ...made.services,
    metrics: (measured) => void counted.push(...measured),
    destinations: { ...made.services.destinations, push: async () => answer },
  };
  const { ledger } = services;
  const policy = policyOf('web', { names: ['**'], destinations: ['directory:**'] });
  await ledger.handle(teamDecider, teamStream('web'), { type: 'Put', policy }, meta);
  await ledger.handle(issuerDecider, issuerStream('web', 'own'), { type: 'Configure', spec: { selfSigned: {} } }, meta);
  const spec = specOf({ dnsNames: ['app.test'], issuerRef: { name: 'own', kind: 'Issuer' }, destinations: [to] });
  await ledger.handle(certificateDecider, stream, { type: 'Request', uid: 'u', spec, policyVersion: 1 }, meta);
});
afterEach(() => made.close());

const renew = () =>
  services.ledger.handle(certificateDecider, stream, { type: 'Renew', afterRevision: 1, reason: 'Manual' }, meta);

it('The first issuance of a certificate and its renewals are counted, of their issuer', async () => {
  await issueNow(services, 'web', 'app');
  expect(counted).toEqual([{ issuer: 'web/own', reason: 'NeverIssued', metrics: { Issued: 1 } }]);
  await renew();
  await issueNow(services, 'web', 'app');
  expect(counted.slice(1)).toEqual([{ issuer: 'web/own', reason: 'Manual', metrics: { Renewed: 1 } }]);
});

it('An issuance that failed is counted once, however often the step is run', async () => {
  const issuance = await startIssuance(services, 'web', 'app');
  const input = { issuance, run: 1, failure: { Error: 'Broken', Cause: '' } };
  await recordFailure(services, input);
  await recordFailure(services, input);
  expect(counted).toEqual([{ issuer: 'web/own', reason: 'NeverIssued', metrics: { IssuancesFailed: 1 } }]);
});

it('A step Store that is run again after the certificate stands counts nothing', async () => {
  await issueNow(services, 'web', 'app');
  counted = [];
  const { state } = await services.ledger.load(certificateDecider, stream);
  if (state.status !== 'live') throw new Error('the certificate is gone');
  await store(services, { issuance: `issuance/${state.uid}/1`, run: 1 });
  expect(counted).toEqual([]);
});

it('Deliveries are counted as they end: confirmed, refused, failed, or thrown', async () => {
  await issueNow(services, 'web', 'app');
  const again = async () => {
    const { state } = await services.ledger.load(deliveryDecider, delivery);
    await services.ledger.handle(deliveryDecider, delivery, { type: 'BeginRun', after: state.run, force: true }, meta);
    counted = [];
    return { delivery, run: state.run + (state.status === 'running' ? 0 : 1) };
  };
  answer = { outcome: 'refused', reason: 'NotOwned', message: '' };
  await push(services, await again());
  expect(counted).toEqual([{ metrics: { DeliveriesFailed: 1 } }]);
  answer = { outcome: 'failed', class: 'backoff', reason: 'Unreachable', message: '' };
  await push(services, await again());
  expect(counted).toEqual([{ metrics: { DeliveriesFailed: 1 } }]);
  await recordPushFailure(services, { ...(await again()), failure: { Error: 'Broken', Cause: '' } });
  expect(counted).toEqual([{ metrics: { DeliveriesFailed: 1 } }]);
  answer = { outcome: 'confirmed', objectUid: 'o', resourceVersion: '1', fingerprint: 'f' };
  const last = await again();
  await push(services, last);
  await push(services, last);
  expect(counted).toEqual([{ metrics: { Delivered: 1 } }]);
});
