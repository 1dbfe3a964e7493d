import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Refusal } from '../../lib/domain/refusal.ts';
import { checkSolvers, selectSolver, solverRefusal } from '../../lib/domain/solver.ts';
import type { Solver, SolverSelector } from '../../lib/domain/spec.ts';

const dns01 = (selector?: SolverSelector): Solver => ({ dns01: {}, ...(selector ? { selector } : {}) });
const http01 = (selector?: SolverSelector): Solver => ({ http01: {}, ...(selector ? { selector } : {}) });
const dns = (value: string) => ({ type: 'dns', value }) as const;
const ip = (value: string) => ({ type: 'ip', value }) as const;
const chosen = (solvers: readonly Solver[], name: string, wildcard = false, offered?: readonly string[]) => {
  const selected = selectSolver(solvers, dns(name), wildcard, offered);
  return selected && solvers.indexOf(selected.solver);
};

describe('which solver serves a name', () => {
  test('an exact name wins over any zone', () => {
    const solvers = [dns01({ dnsZones: ['app.example.com'] }), http01({ dnsNames: ['app.example.com'] })];
    expect(chosen(solvers, 'app.example.com')).toBe(1);
  });

  test('the longest zone wins, wherever it stands in the list', () => {
    const solvers = [
      dns01({ dnsZones: ['com', 'example.com'] }),
      dns01({ dnsZones: ['b.example.com', 'a.example.com'] }),
      dns01(),
    ];
    expect(chosen(solvers, 'x.a.example.com')).toBe(1);
    expect(chosen(solvers, 'x.c.example.com')).toBe(0);
    expect(chosen(solvers, 'example.net')).toBe(2);
  });

  test('a zone is counted in labels, and ends at a label', () => {
    expect(chosen([dns01({ dnsZones: ['example.com'] })], 'notexample.com')).toBeUndefined();
    expect(chosen([dns01({ dnsZones: ['Example.COM.'] })], 'example.com')).toBe(0);
    expect(chosen([dns01({ dnsZones: ['.', ''] })], 'example.com')).toBeUndefined();
  });

  test('equals keep their order in the list', () => {
    expect(chosen([http01(), dns01(), dns01({})], 'example.com')).toBe(0);
    const zones = [dns01({ dnsZones: ['example.com'] }), http01({ dnsZones: ['example.com'] })];
    expect(chosen(zones, 'a.example.com')).toBe(0);
  });

  test('a selector with names and zones must match in both', () => {
    const both = { dnsNames: ['a.example.com'], dnsZones: ['example.net'] };
    expect(chosen([dns01(both)], 'a.example.com')).toBeUndefined();
    const closer = [
      dns01({ dnsNames: ['a.example.com'] }),
      dns01({ dnsNames: ['a.example.com'], dnsZones: ['example.com'] }),
    ];
    expect(chosen(closer, 'a.example.com')).toBe(1);
  });

  test('a wildcard takes dns-01 only, whichever way its name is written', () => {
    const solvers = [http01({ dnsZones: ['a.example.com'] }), dns01({ dnsZones: ['example.com'] })];
    expect(chosen(solvers, 'a.example.com', true)).toBe(1);
    expect(chosen(solvers, '*.a.example.com')).toBe(1);
    expect(chosen(solvers, 'a.example.com')).toBe(0);
  });

  test('a name in dnsNames is the name as requested: the apex does not stand for its wildcard', () => {
    expect(chosen([dns01({ dnsNames: ['example.com'] })], 'example.com', true)).toBeUndefined();
    expect(chosen([dns01({ dnsNames: ['*.example.com'] })], 'example.com', true)).toBe(0);
  });

  test('a solver whose challenge the CA does not offer is passed over', () => {
    expect(chosen([http01(), dns01()], 'example.com', false, ['dns-01', 'tls-alpn-01'])).toBe(1);
    expect(chosen([http01()], 'example.com', false, ['dns-01'])).toBeUndefined();
  });

  test('an IP address takes http-01 only, and no zone serves it', () => {
    const solvers = [dns01(), http01({ dnsZones: ['0.2.1'] }), http01()];
    expect(selectSolver(solvers, ip('192.0.2.1'), false)).toEqual({ solver: solvers[2], type: 'http-01' });
    expect(selectSolver([dns01()], ip('192.0.2.1'), false)).toBeUndefined();
  });
});

describe('names that no solver can prove are refused before an order', () => {
  const codeOf = (solvers: readonly Solver[], name: string) => solverRefusal(solvers, dns(name), false)?.code;

  test('a wildcard that only http01 solvers cover', () => {
    expect(codeOf([http01()], '*.example.com')).toBe('WildcardNeedsDns01');
    expect(codeOf([http01(), dns01({ dnsZones: ['example.net'] })], '*.example.com')).toBe('WildcardNeedsDns01');
    expect(codeOf([http01(), dns01()], '*.example.com')).toBeUndefined();
  });

  test('a name that no selector covers, and any name when there is no solver', () => {
    expect(codeOf([http01({ dnsZones: ['example.net'] })], '*.example.com')).toBe('NoSolverMatches');
    expect(codeOf([], 'example.com')).toBe('NoSolverMatches');
  });

  test('the refusal names the identifier, where it stands and what to do', () => {
    const check = () => checkSolvers([http01()], { dnsNames: ['a.example.com', '*.example.com'], ipAddresses: [] });
    expect(check).toThrow(expect.objectContaining({ code: 'WildcardNeedsDns01', field: 'spec.dnsNames[1]' }));
    expect(check).toThrow(/\*\.example\.com/);
    const addresses = () => checkSolvers([dns01()], { dnsNames: [], ipAddresses: ['192.0.2.1'] });
    expect(addresses).toThrow(expect.objectContaining({ code: 'NoSolverMatches', field: 'spec.ipAddresses[0]' }));
    expect(addresses).toThrow(/192\.0\.2\.1/);
    expect(() => checkSolvers([dns01()], { dnsNames: ['*.example.com'], ipAddresses: [] })).not.toThrow();
  });
});

describe('for any list of solvers', () => {
  const label = fc.constantFrom('a', 'b', 'example');
  const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
  const names = fc.array(
    fc.oneof(
      name,
      name.map((each) => `*.${each}`),
    ),
    { maxLength: 3 },
  );
  const selector = fc.option(
    fc.record({ dnsNames: names, dnsZones: fc.array(name, { maxLength: 3 }) }, { requiredKeys: [] }),
  );
  const solver = fc
    .tuple(selector, fc.boolean())
    .map(([chosenSelector, byDns]) => (byDns ? dns01 : http01)(chosenSelector ?? undefined));
  const solvers = fc.array(solver, { maxLength: 6 });

  test('no solver after the chosen one that fits as well is chosen, and none before it fits better', () => {
    fc.assert(
      fc.property(solvers, name, fc.boolean(), (list, value, wildcard) => {
        const selected = selectSolver(list, dns(value), wildcard);
        const alone = list.filter((each) => selectSolver([each], dns(value), wildcard));
        if (!selected) return alone.length === 0;
        // In a duel against each solver that fits alone, the chosen one wins from its own place in the list.
        const place = list.indexOf(selected.solver);
        return alone.every((other) => {
          const duel = list.indexOf(other) < place ? [other, selected.solver] : [selected.solver, other];
          return selectSolver(duel, dns(value), wildcard)?.solver === selected.solver;
        });
      }),
    );
  });

  test('there is a refusal exactly when there is no solver', () => {
    fc.assert(
      fc.property(solvers, name, fc.boolean(), (list, value, wildcard) => {
        const refusal: Refusal | undefined = solverRefusal(list, dns(value), wildcard);
        return (refusal === undefined) === (selectSolver(list, dns(value), wildcard) !== undefined);
      }),
    );
  });
});
