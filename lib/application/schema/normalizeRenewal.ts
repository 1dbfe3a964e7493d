import type { z } from 'zod';
import { durationSeconds, shortDuration } from '../../domain/duration.ts';
import { fieldOf } from '../../domain/fieldPath.ts';
import type { Findings } from '../../domain/inputInvalid.ts';
import { windowFaults } from '../../domain/renewalWindows.ts';
import type { RenewalSpec, RenewalWindow } from '../../domain/spec.ts';
import type { renewal as schema } from './certificate.ts';

type RenewalInput = z.output<typeof schema>;
type WindowInput = NonNullable<RenewalInput['windows']>[number];

/** Codes by the member that is wrong. */
const CODE: Readonly<Record<keyof RenewalWindow, string>> = {
  cron: 'InvalidCron',
  windowDuration: 'WindowTooShort',
  timezone: 'UnknownTimeZone',
};

const REMEDY: Readonly<Record<keyof RenewalWindow, string>> = {
  cron: 'write minute, hour, day of the month, month and day of the week, such as 0 2 * * 6',
  windowDuration: 'the scan must find it open: make it 10m or longer',
  timezone: 'write an IANA name, such as Europe/Berlin or UTC',
};

/** When renewals may happen, with defaults taken; nothing where it asks for the default. What is wrong goes to `findings`, by field. */
export function normalizeRenewal(input: RenewalInput, at: string, findings: Findings): RenewalSpec | undefined {
  const read = (member: 'windows' | 'freezes'): RenewalWindow[] =>
    (input[member] ?? []).map((window, index) => normalizeWindow(window, fieldOf(at, member, index), findings));
  const renewal = {
    policy: input.policy ?? 'RenewBefore',
    windows: read('windows'),
    freezes: read('freezes'),
  } as const;
  const isDefault = renewal.policy === 'RenewBefore' && renewal.windows.length + renewal.freezes.length === 0;
  return isDefault ? undefined : renewal;
}

function normalizeWindow(input: WindowInput, at: string, findings: Findings): RenewalWindow {
  const { windowDuration, timezone = 'UTC' } = input;
  const window = {
    cron: input.cron.trim().replace(/\s+/g, ' '),
    windowDuration: shortDuration(Math.floor(durationSeconds(windowDuration)!)),
    timezone: timezone || 'UTC',
  };
  for (const { member, message } of windowFaults(window)) {
    findings.add(fieldOf(at, member), CODE[member], message, REMEDY[member]);
  }
  return window;
}
