import { describe, expect, it } from 'vitest';
import { challengesOf } from '../../lib/domain/challenge.ts';
import { type IssuanceState, noIssuance } from '../../lib/domain/issuance.ts';

const dns = (target: string) => ({ challenge: 'dns-01', target }) as const;
const http = { challenge: 'http-01', target: 'token' } as const;
const identifiers = ['example.test', '*.example.test', 'www.example.test'].map(
  (value) => ({ type: 'dns', value }) as const,
);

/** An issuance whose last run failed when it had shown this. */
const failedWith = (type: string, shown?: NonNullable<IssuanceState['failure']>['shown']): IssuanceState => ({
  ...noIssuance,
  status: 'failed',
  identifiers,
  failure: { step: 'Challenge', class: 'person', problem: { type, detail: 'why' }, at: '', retryAt: '', shown },
});
const types = (state: IssuanceState) => challengesOf(state).map(({ type }) => type);

describe('challenges that are not met', () => {
  it('are of the type that was shown for the name', () => {
    expect(types(failedWith('dns', [dns('_acme-challenge.example.test'), http]))).toEqual([
      'DNS-01',
      'DNS-01',
      'HTTP-01',
    ]);
    expect(types(failedWith('dns', [http, http]))).toEqual(['HTTP-01', 'DNS-01', 'HTTP-01']);
  });

  it('are of type DNS-01 behind a CNAME, where nothing else was shown', () => {
    expect(types(failedWith('dns', [dns('_acme-challenge.app.solver.test')]))).toEqual(['DNS-01', 'DNS-01', 'DNS-01']);
  });

  it('are invalid where the CA looked, and errored where they could not be shown', () => {
    const statuses = (type: string) => new Set(challengesOf(failedWith(type, [http])).map(({ status }) => status));
    expect(statuses('unauthorized')).toEqual(new Set(['invalid']));
    expect(statuses('orderInvalid')).toEqual(new Set(['invalid']));
    expect(statuses('DnsRefused')).toEqual(new Set(['errored']));
  });

  it('are none where nothing was shown, and none once the issuance is over', () => {
    expect(challengesOf(failedWith('dns'))).toEqual([]);
    expect(challengesOf({ ...failedWith('dns', [http]), status: 'succeeded' })).toEqual([]);
    expect(challengesOf(noIssuance)).toEqual([]);
  });
});
