import { describe, expect, it } from 'vitest';
import { CliError, errorLines, exitCodeOf, usageError } from '../../cli/shared/errors.ts';
import { EXIT } from '../../cli/shared/exitCodes.ts';
import { Refusal } from '../../lib/domain/refusal.ts';

describe('An error', () => {
  it('is a line with its code, and a line with what to do', () => {
    const error = new CliError('failed', 'there is no Issuer x.', {
      code: 'IssuerNotFound',
      field: 'spec.issuerRef',
      remedy: 'apply it',
    });
    expect(errorLines(error)).toEqual([
      'chancery: spec.issuerRef: there is no Issuer x (IssuerNotFound)',
      '  to do: apply it',
    ]);
  });

  it('of several findings tells each with its place', () => {
    const findings = [
      {
        source: 'a.yaml',
        document: 2,
        line: 7,
        field: 'spec.x',
        message: 'is wrong',
        code: 'Wrong',
        remedy: 'right it',
      },
      { message: 'is missing' },
    ];
    expect(errorLines(new CliError('failed', 'much', { findings }))).toEqual([
      'chancery: 2 things are wrong; nothing was done',
      '  a.yaml, document 2, line 7: spec.x: is wrong (Wrong)',
      '    to do: right it',
      '  is missing',
    ]);
  });

  it('of one finding is told as that one', () => {
    const findings = [{ line: 3, message: 'is wrong', code: 'Wrong' }];
    expect(errorLines(new CliError('failed', 'line 3: is wrong', { findings }))).toEqual([
      'chancery: line 3: is wrong (Wrong)',
    ]);
  });

  it('of the host is told with its remedy too', () => {
    const refusal = new Refusal('PortInUse', 'port 1 is in use', { remedy: 'choose another' });
    expect(errorLines(refusal)).toEqual(['chancery: port 1 is in use (PortInUse)', '  to do: choose another']);
    expect(exitCodeOf(refusal)).toBe(1);
  });

  it('shows no control characters, which could write over what stands there', () => {
    expect(errorLines(usageError('a\u001b[2Kb\rc'))).toEqual(['chancery: a\\x1b[2Kb\\x0dc']);
  });

  it('that nobody expected is one line without a stack', () => {
    expect(errorLines(new TypeError('x is undefined'))).toEqual(['chancery: x is undefined']);
    expect(exitCodeOf(new TypeError('x'))).toBe(1);
  });
});

describe('Exit codes', () => {
  it('are each for one thing, and a number that a shell has', () => {
    const codes = Object.values(EXIT).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of codes) expect(code >= 0 && code <= 255).toBe(true);
  });

  it.each(Object.entries(EXIT))('%s is the code of its errors', (exit, { code }) => {
    expect(exitCodeOf(new CliError(exit as keyof typeof EXIT, ''))).toBe(code);
  });
});
