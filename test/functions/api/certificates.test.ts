import { createPrivateKey, X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { certificateDecider } from '../../../lib/domain/certificate.decide.ts';
import { certificateStream } from '../../../lib/domain/certificate.ts';
import { issueNow, record, startIssuance } from '../../support/issue.ts';
import { APP, type WebApi, webApi } from '../../support/webApi.ts';

describe('certificates over HTTP', () => {
  let api: WebApi;
  beforeEach(async () => {
    api = await webApi();
  });
  afterEach(() => api.close());

  const condition = (answer: { json: { status: { conditions: { type: string }[] } } }, type: string) =>
    answer.json.status.conditions.find((one) => one.type === type);

  test('a request is created with every default, and read back at once', async () => {
    const answer = await api.putApp();
    expect(answer.status).toBe(201);
    expect(answer.headers.etag).toBe('"1"');
    expect(answer.json).toMatchObject({
      team: 'web',
      name: 'app',
      generation: 1,
      spec: { duration: '2160h', secretName: 'app' },
    });
    const read = await api.send('GET', APP);
    expect(read.json).toEqual(answer.json);
    expect(condition(read, 'Ready')).toMatchObject({ status: 'False', reason: 'DoesNotExist' });
    expect(condition(read, 'Issuing')).toMatchObject({ status: 'True', reason: 'DoesNotExist' });
  });

  test('the same spec again changes nothing, also when it is the spec that was answered', async () => {
    const first = await api.putApp();
    const again = await api.putApp();
    expect([again.status, again.headers.etag]).toEqual([200, '"1"']);
    const echoed = await api.send('PUT', APP, { json: { spec: first.json.spec } });
    expect([echoed.status, echoed.headers.etag]).toEqual([200, '"1"']);
  });

  test('another spec is another generation, and needs a new revision only for what a certificate carries', async () => {
    await api.putApp();
    await issueNow(api.services, 'web', 'app');
    const template = await api.putApp({ secretTemplate: { labels: { app: 'web' } } });
    expect(template.json).toMatchObject({ generation: 2, status: { revision: 1 } });
    expect(condition(template, 'Ready')).toMatchObject({ status: 'True' });
    const names = await api.putApp({ dnsNames: ['app.example.test', 'www.example.test'] });
    expect(condition(names, 'Ready')).toMatchObject({ status: 'False', reason: 'RequestChanged' });
    expect(condition(names, 'Issuing')).toMatchObject({ status: 'True', reason: 'RequestChanged' });
  });

  test('dryRun answers what would be, and changes nothing', async () => {
    const answer = await api.putApp({}, '?dryRun=true');
    expect([answer.status, answer.json.generation, answer.headers.etag]).toEqual([200, 1, undefined]);
    expect((await api.send('GET', APP)).status).toBe(404);
    const refused = await api.putApp({ dnsNames: ['app.example.com'] }, '?dryRun=true');
    expect(refused.json.code).toBe('NameNotAllowed');
  });

  test('an issued certificate is ready and tells its serial, its times and its renewal', async () => {
    await api.putApp();
    await issueNow(api.services, 'web', 'app');
    const { json } = await api.send('GET', APP);
    const leaf = new X509Certificate((await api.send('GET', `${APP}/pem`)).body);
    expect(json.status.serial.toUpperCase()).toBe(leaf.serialNumber);
    expect(json.status.notAfter).toBe(leaf.validToDate.toISOString());
    expect(json.status.conditions).toMatchObject([
      { type: 'Ready', status: 'True', reason: 'Ready' },
      { type: 'Issuing', status: 'False', reason: 'Issued' },
    ]);
    expect(json.status.nextAction).toMatchObject({ action: 'Renew', at: json.status.renewalTime });
  });

  test('a certificate is read as it was at an earlier time', async () => {
    await api.putApp();
    const before = new Date().toISOString();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await issueNow(api.services, 'web', 'app');
    expect((await api.send('GET', APP)).json.status.revision).toBe(1);
    const then = await api.send('GET', `${APP}?at=${before}`);
    expect(then.json.status.revision).toBeUndefined();
    expect(condition(then, 'Ready')).toMatchObject({ status: 'False', reason: 'DoesNotExist' });
    expect((await api.send('GET', `${APP}?at=2020-01-01T00:00:00%2B01:00`)).json.code).toBe('CertificateNotFound');
  });

  describe('renewal', () => {
    test('asks for the next revision, once', async () => {
      await api.putApp();
      await issueNow(api.services, 'web', 'app');
      const first = await api.send('POST', `${APP}/renew`);
      expect(first.status).toBe(202);
      expect(condition(first, 'Issuing')).toMatchObject({ status: 'True', reason: 'ManuallyTriggered' });
      expect(condition(first, 'Ready')).toMatchObject({ status: 'True' });
      const second = await api.send('POST', `${APP}/renew`);
      expect(second.headers.etag).toBe(first.headers.etag);
    });

    test('goes on at once with a revision that waits for its retry', async () => {
      await api.putApp();
      const issuance = await startIssuance(api.services, 'web', 'app');
      await fail(issuance, 'caa', 'CAA forbids it', 'person');
      const stuck = await api.send('GET', APP);
      expect(stuck.json.status.issuance).toMatchObject({ status: 'failed', run: 1 });
      const answer = await api.send('POST', `${APP}/renew`);
      expect(answer.json.status.issuance).toMatchObject({ status: 'running', run: 2, cause: { code: 'caa' } });
    });

    test('of nothing is refused', async () => {
      expect((await api.send('POST', `${APP}/renew`)).json.code).toBe('CertificateNotFound');
    });
  });

  const fail = async (issuance: string, type: string, detail: string, kind: 'person' | 'backoff') => {
    const problem = { type, detail };
    await record(api.services, issuance, { type: 'RecordProblem', run: 1, step: 'Challenge', class: kind, problem });
    await record(api.services, issuance, { type: 'RecordFailure', run: 1, random: 0.5 });
  };

  test('a stuck issuance says why, since when, what to do and when it is tried again', async () => {
    await api.putApp();
    await fail(
      await startIssuance(api.services, 'web', 'app'),
      'caa',
      'CAA record for example.test prevents issuance',
      'person',
    );
    const answer = await api.send('GET', APP);
    expect(condition(answer, 'Issuing')).toMatchObject({ status: 'False', reason: 'Failed' });
    const { issuance, nextAction } = answer.json.status;
    expect(issuance).toMatchObject({
      step: 'Challenge',
      status: 'failed',
      cause: { code: 'caa', detail: 'CAA record for example.test prevents issuance' },
    });
    expect(issuance.cause.remedy).toContain('CAA record');
    expect(issuance.retryAt > issuance.since).toBe(true);
    expect(nextAction).toMatchObject({ action: 'Act', at: issuance.retryAt });
  });

  test('a failed renewal leaves the old certificate ready', async () => {
    await api.putApp();
    await issueNow(api.services, 'web', 'app');
    await api.send('POST', `${APP}/renew`);
    await fail(await startIssuance(api.services, 'web', 'app'), 'dns', 'no answer', 'backoff');
    const answer = await api.send('GET', APP);
    expect(condition(answer, 'Ready')).toMatchObject({ status: 'True' });
    expect(condition(answer, 'Issuing')).toMatchObject({ status: 'False', reason: 'Failed' });
    expect(answer.json.status).toMatchObject({ revision: 1, issuance: { revision: 2 } });
  });

  describe('PEM', () => {
    test('is the chain alone, and refused while nothing is issued', async () => {
      await api.putApp();
      expect((await api.send('GET', `${APP}/pem`)).json).toMatchObject({ status: 409, code: 'NotIssued' });
      await issueNow(api.services, 'web', 'app');
      const { headers, body } = await api.send('GET', `${APP}/pem`);
      expect(headers['content-type']).toBe('application/pem-certificate-chain');
      expect(body).toContain('BEGIN CERTIFICATE');
      expect(body).not.toContain('PRIVATE KEY');
    });

    test('has the key for the verb key alone, and the ledger knows of it first', async () => {
      await api.putApp();
      await issueNow(api.services, 'web', 'app');
      const reader = await api.token('web', 'read', 'write');
      expect((await api.send('GET', `${APP}/pem?key=true`, { token: reader })).json.code).toBe('VerbMissing');
      expect((await api.send('GET', `${APP}/pem?key=true`)).json.code).toBe('VerbMissing');
      const keeper = await api.token('web', 'read', 'key');
      const { body, status } = await api.send('GET', `${APP}/pem?key=true`, { token: keeper });
      expect(status).toBe(200);
      const leaf = new X509Certificate(body.slice(body.indexOf('-----BEGIN CERTIFICATE')));
      expect(leaf.checkPrivateKey(privateKeyOf(body))).toBe(true);
      const commits = await api.services.store.commits(certificateStream('web', 'app'));
      const exports = commits.filter((commit) => commit.events.some((event) => event.type === 'KeyExported'));
      expect(exports).toHaveLength(1);
      expect(exports[0]!.actor).toMatch(/^token:/);
      expect(JSON.stringify(commits)).not.toContain('PRIVATE KEY');
    });
  });

  describe('deletion', () => {
    test('keeps delivered copies unless told otherwise', async () => {
      await api.putApp();
      expect((await api.send('DELETE', APP)).status).toBe(204);
      await api.putApp();
      expect((await api.send('DELETE', `${APP}?withdraw=true&grace=0s`)).status).toBe(204);
      const commits = await api.services.store.commits(certificateStream('web', 'app'));
      const deleted = commits.flatMap((commit) => commit.events).filter((event) => event.type === 'CertificateDeleted');
      expect(deleted).toMatchObject([{ withdraw: false }, { withdraw: true }]);
      expect(deleted.map((event) => 'until' in event)).toEqual([true, false]);
    });

    test('has a grace of 720 hours at most', async () => {
      await api.putApp();
      expect((await api.send('DELETE', `${APP}?grace=721h`)).status).toBe(422);
      expect((await api.send('DELETE', `${APP}?grace=never`)).status).toBe(422);
      expect((await api.send('DELETE', `${APP}?grace=720h`)).status).toBe(204);
    });

    test('of what is not there is 404', async () => {
      expect((await api.send('DELETE', APP)).json).toMatchObject({ status: 404, code: 'CertificateNotFound' });
    });

    test('lets the name begin a new life', async () => {
      const first = await api.putApp();
      await api.send('DELETE', APP);
      const second = await api.putApp();
      expect(second.status).toBe(201);
      expect(second.json.uid).not.toBe(first.json.uid);
      expect(second.headers.etag).toBe('"3"');
    });
  });

  test('the request carries its actor and correlation id onto the ledger', async () => {
    const { headers } = await api.putApp();
    const [commit] = await api.services.store.commits(certificateStream('web', 'app'));
    expect(commit).toMatchObject({ correlationId: headers['x-correlation-id'] });
    expect(commit!.actor).toMatch(/^token:[0-9a-f]{16}$/);
  });

  test('the spec on the ledger is what the API showed', async () => {
    const { json } = await api.putApp();
    const { state } = await api.services.ledger.load(certificateDecider, certificateStream('web', 'app'));
    expect(state).toMatchObject({ spec: json.spec });
  });
});

const privateKeyOf = (pem: string) => createPrivateKey(pem.slice(0, pem.indexOf('-----BEGIN CERTIFICATE')));
