import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { catalogue } from '../../docs/eventCatalogue.ts';
import { eventsPage, fixturesOf, shapes, TODAY } from '../../docs/events.ts';
import { upcast } from '../../lib/application/upcast.ts';
import { accountDecider } from '../../lib/domain/account.ts';
import { certificateDecider } from '../../lib/domain/certificate.decide.ts';
import { clusterDecider } from '../../lib/domain/cluster.ts';
import { credentialDecider } from '../../lib/domain/credential.ts';
import type { Decider, DomainEvent } from '../../lib/domain/decider.ts';
import { deliveryDecider } from '../../lib/domain/delivery.decide.ts';
import { issuanceDecider } from '../../lib/domain/issuance.decide.ts';
import { issuerDecider } from '../../lib/domain/issuer.ts';
import { orderClaimDecider } from '../../lib/domain/orderClaim.ts';
import { teamDecider } from '../../lib/domain/team.ts';
import { tokenDecider } from '../../lib/domain/token.ts';
import { repository } from '../support/peers/paths.ts';
import { sourceOf } from './sources.ts';

// biome-ignore lint/suspicious/noExplicitAny: any decider
type AnyDecider = Decider<any, unknown, any>;
const DECIDERS: Readonly<Record<string, AnyDecider>> = {
  certificate: certificateDecider,
  issuance: issuanceDecider,
  delivery: deliveryDecider,
  issuer: issuerDecider,
  account: accountDecider,
  credential: credentialDecider,
  cluster: clusterDecider,
  team: teamDecider,
  token: tokenDecider,
  order: orderClaimDecider,
} as never;

const deciderOf = (stream: string): AnyDecider => DECIDERS[stream.split('/')[0]!]!;
const fold = (decider: AnyDecider, events: readonly DomainEvent[], at: string): unknown =>
  events.reduce((state, event) => decider.evolve(state, upcast(event), at), decider.initialState);

/** Types that `evolve` knows, from its source: it names every one in a case. */
const knownTypes = (file: string): string[] =>
  [...sourceOf(file).matchAll(/^\s*case '([A-Z]\w+)':/gm)].map((match) => match[1] as string);

/** Where a large stream is folded is apart from what it holds. */
const evolving = (category: string): string => {
  const apart = `lib/domain/${category}.evolve.ts`;
  return existsSync(join(repository, apart)) ? apart : `lib/domain/${category}.ts`;
};

const SOURCES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.keys(DECIDERS).map((category) => [category, evolving(category)])),
  order: 'lib/domain/orderClaim.ts',
};

describe.each(shapes().flatMap((shape) => fixturesOf(shape).map((fixture) => ({ shape, ...fixture }))))(
  '$shape $name',
  ({ name, stream, at, given, events }) => {
    it('is read by this release', () => {
      const decider = deciderOf(stream);
      expect(name.startsWith(`${decider.category}.`)).toBe(true);
      const state = fold(decider, [...given, ...events], at);
      expect(state).not.toEqual(fold(decider, given, at));
    });
  },
);

test.each(fixturesOf(TODAY))(
  '$name is written as its fixture says: a new shape is a new folder and an upcaster',
  (one) => {
    const decider = deciderOf(one.stream);
    const written = decider.decide(one.command, fold(decider, one.given, one.at), one.at);
    expect(JSON.parse(JSON.stringify(written))).toEqual(one.events);
  },
);

test('every event type in the code has a fixture and a place in the catalogue', () => {
  const inCode = Object.entries(SOURCES).flatMap(([category, file]) => {
    const commands = Object.keys(catalogue.find((entry) => entry.category === category)!.commands);
    return [...new Set(knownTypes(file))]
      .filter((type) => !commands.includes(type))
      .map((type) => `${category}.${type}`);
  });
  const inCatalogue = catalogue.flatMap(({ category, commands }) =>
    [...new Set(Object.values(commands).flatMap(({ writes }) => writes))].map((type) => `${category}.${type}`),
  );
  expect(inCode.length).toBeGreaterThan(50);
  expect(inCatalogue.sort()).toEqual(inCode.sort());
  expect(fixturesOf(TODAY).map(({ name }) => name)).toEqual(inCode.sort());
});

test('docs/events.md is what the code and the fixtures say now: run npm run docs:events', () => {
  expect(readFileSync(join(repository, 'docs/events.md'), 'utf8')).toBe(eventsPage());
});
