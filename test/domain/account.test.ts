import fc from 'fast-check';
import { describe, it } from 'vitest';
import { type AccountCommand, accountDecider } from '../../lib/domain/account.ts';
import type { Failure } from '../../lib/domain/problem.ts';
import { checkAlways, plus, rulesOf } from '../support/decider.ts';

const type = <T extends string>(name: T) => fc.constant(name);

describe('an account', () => {
  const { given } = rulesOf(accountDecider);
  const key = { type: 'AccountKeySealed', keyRef: 'k', thumbprint: 't' } as const;
  const registered = (accountUrl: string) =>
    ({ type: 'AccountRegistered', server: 's', accountUrl, contact: ['mailto:a@example.test'] }) as const;

  it('keeps its first key', () => {
    given().when({ type: 'RecordKey', keyRef: 'k', thumbprint: 't' }).then(key);
    given(key).when({ type: 'RecordKey', keyRef: 'k2', thumbprint: 't2' }).then();
  });

  it('is registered anew at another server, with another contact, or when the CA lost it', () => {
    const { type: _, ...fields } = registered('u2');
    given(key, registered('u1'))
      .when({ type: 'RecordRegistered', ...fields })
      .then(registered('u2'));
    given(key, registered('u2'))
      .when({ type: 'RecordRegistered', ...fields })
      .then();
  });

  const requested = { type: 'AccountKeyChangeRequested' } as const;
  const prepared = { type: 'AccountKeyPrepared', keyRef: 'k2', thumbprint: 't2' } as const;
  const changed = { type: 'AccountKeyChanged', keyRef: 'k2', thumbprint: 't2' } as const;
  const account = [key, registered('u1')] as const;

  it('changes its key when it has one: what is prepared takes the place of the former', () => {
    given(key).when({ type: 'RequestKeyChange' }).refused('AccountNotRegistered');
    given(...account)
      .when({ type: 'RequestKeyChange' })
      .then(requested);
    given(...account, requested)
      .when({ type: 'PrepareKey', keyRef: 'k2', thumbprint: 't2' })
      .then(prepared);
    given(...account, requested, prepared)
      .when({ type: 'PrepareKey', keyRef: 'k3', thumbprint: 't3' })
      .then();
    given(...account, requested, prepared)
      .when({ type: 'RecordKeyChanged', keyRef: 'k2' })
      .then(changed);
    given(...account)
      .when({ type: 'PrepareKey', keyRef: 'k2', thumbprint: 't2' })
      .then();
    given(...account)
      .when({ type: 'RecordKeyChanged', keyRef: 'k2' })
      .then();
  });

  it('of a key that the CA did not take it is told when it is asked again, and nothing more when that is of no use', () => {
    const problem = { type: 'caUnreachable', detail: 'd' };
    const failure = { class: 'backoff', problem } as const;
    const command = { type: 'RecordKeyChangeFailure', after: 0, failure, random: 0.5 } as const;
    const open = [...account, requested, prepared] as const;
    const failed = { type: 'AccountKeyChangeFailed', problem } as const;
    given(...open)
      .when({ ...command, final: false })
      .then({ ...failed, retryAt: plus(60) });
    given(...open)
      .when({ ...command, final: true })
      .then(failed);
    given(...open, failed)
      .when({ type: 'RequestKeyChange' })
      .then(requested);
    given(...open, changed)
      .when({ ...command, final: true })
      .then();
  });

  it('holds for any sequence of commands, and owes a change of keys until it is done or given up', () => {
    const text = fc.constantFrom('a', 'b');
    const failure = fc.constantFrom<Failure>(
      { class: 'backoff', problem: { type: 'caUnreachable', detail: 'd' } },
      { class: 'atTime', problem: { type: 'rateLimited', detail: 'd' }, retryAt: plus(600) },
    );
    const command = fc.oneof(
      fc.record({ type: type('RecordKey'), keyRef: text, thumbprint: text }),
      fc.record({ type: type('RecordRegistered'), server: text, accountUrl: text, contact: fc.array(text) }),
      fc.record({ type: type('RequestKeyChange') }),
      fc.record({ type: type('PrepareKey'), keyRef: text, thumbprint: text }),
      fc.record({ type: type('RecordKeyChanged'), keyRef: text }),
      fc.record({
        type: type('RecordKeyChangeFailure'),
        after: fc.nat(1),
        failure,
        final: fc.boolean(),
        random: fc.constantFrom(0, 0.5),
      }),
    ) as fc.Arbitrary<AccountCommand>;
    checkAlways(accountDecider, command, ({ keyChange }) => keyChange?.dueAt !== undefined);
  });
});
