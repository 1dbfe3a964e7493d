import { authorize } from '../../../lib/application/authorize.ts';
import { loadCertificate } from '../../../lib/application/certificateFacts.ts';
import {
  deleteCertificate,
  exportKey,
  readChain,
  renewCertificate,
  requestCertificate,
} from '../../../lib/application/certificates.ts';
import { describeCertificate } from '../../../lib/application/certificateView.ts';
import { listCertificates } from '../../../lib/application/lists.ts';
import { revokeCertificate } from '../../../lib/application/revocations.ts';
import { parse } from '../../../lib/application/schema/parse.ts';
import { readCertificateBody } from '../../../lib/application/schema/read.ts';
import { revokeBody } from '../../../lib/application/schema/revoke.ts';
import { followTimeline, type TimelineCursor } from '../../../lib/application/timeline.ts';
import { listed, nothing, pageOf, put, shown } from '../answers.ts';
import { conditionally } from '../conditional.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import {
  certificatesQuery,
  deleteCertificateQuery,
  dryRunQuery,
  eventsQuery,
  graceOf,
  instantOf,
  isTrue,
  limitOf,
  pemQuery,
  readQuery,
  secondsOf,
} from '../queries.ts';
import type { Answer, Call, Route } from '../route.ts';

const ALL = '/v1/teams/{team}/certificates';
const ONE = `${ALL}/{name}`;
const tag = 'certificates';

/** The team and the name that the path says. */
const place = ({ params }: Call) => ({ team: params.team!, name: params.name! });

const look = (call: Call) => async () => {
  const { team, name } = place(call);
  const { state, version } = await loadCertificate(call.services, team, name);
  return { exists: state.status === 'live', version };
};

async function list(call: Call, team: string | undefined): Promise<Answer> {
  const { query, services } = call;
  const filter = {
    ...(query.issuer !== undefined && { issuer: query.issuer }),
    ...(query.ready !== undefined && { ready: isTrue(query.ready) }),
    ...(query.dnsName !== undefined && { dnsName: query.dnsName.toLowerCase() }),
    ...(query.expiringBefore !== undefined && { expiringBefore: instantOf(query.expiringBefore)! }),
    ...(query.q !== undefined && { q: query.q.toLowerCase() }),
  };
  return listed('certificates', await listCertificates(services, team, filter, pageOf('certificates', query)));
}

async function putCertificate(call: Call): Promise<Answer> {
  const { services, meta, query } = call;
  const { team, name } = place(call);
  const spec = readCertificateBody(call.body, { team, name, defaults: 'chancery' });
  const { directoryRoots = [], defaultDestination } = call.options;
  const dryRun = isTrue(query.dryRun);
  const result = await conditionally(call.preconditions, look(call), (expected) =>
    requestCertificate(services, { team, name, spec }, { directoryRoots, defaultDestination, meta, expected, dryRun }),
  );
  return dryRun ? { status: 200, json: result.view } : put(result);
}

async function pem(call: Call): Promise<Answer> {
  const { services, principal, meta, query } = call;
  const { team, name } = place(call);
  const contentType = 'application/pem-certificate-chain';
  if (!isTrue(query.key)) return { status: 200, text: await readChain(services, team, name), contentType };
  authorize(principal, 'key', team);
  const { key, chain } = await exportKey(services, team, name, meta);
  return { status: 200, text: `${key.trimEnd()}\n${chain}`, contentType };
}

async function events(call: Call): Promise<Answer> {
  const { services, query, request } = call;
  const { team, name } = place(call);
  const after = query.after === undefined ? {} : timelineCursor(decodeCursor('events', query.after, 'query.after'));
  const options = { after, limit: limitOf(query), seconds: secondsOf(query.wait), signal: request.signal };
  const timeline = await followTimeline(services, team, name, options);
  return { status: 200, json: { events: timeline.events, cursor: encodeCursor('events', timeline.cursor) } };
}

/** A cursor comes from outside, whatever was written into it: what is no version reads from the beginning. */
function timelineCursor(value: unknown): TimelineCursor {
  const entries = Object.entries(typeof value === 'object' && value !== null ? value : {});
  const sound = entries.filter(([, place]) => Array.isArray(place) && Number.isSafeInteger(place[0]) && place[0] >= 0);
  return Object.fromEntries(
    sound.map(([id, [version, ours]]) => [id, ours === undefined ? [version] : [version, ours === true]]),
  );
}

const certificate = { description: 'The certificate with all that is known of it.', schema: 'Certificate' };

export const certificateRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/certificates',
    operation: 'listAllCertificates',
    tag,
    summary: 'List the certificates of every team',
    access: { team: '*', verb: 'read' },
    query: certificatesQuery,
    answers: { 200: { description: 'A page.', schema: 'CertificateList' } },
    handle: (call) => list(call, undefined),
  },
  {
    method: 'GET',
    path: ALL,
    operation: 'listCertificates',
    tag,
    summary: "List a team's certificates",
    description:
      'From the read model, a moment behind the ledger. A page of a filtered list may be short before its end.',
    access: { team: 'path', verb: 'read' },
    query: certificatesQuery,
    answers: { 200: { description: 'A page.', schema: 'CertificateList' } },
    handle: (call) => list(call, call.params.team),
  },
  {
    method: 'GET',
    path: ONE,
    operation: 'getCertificate',
    tag,
    summary: 'Describe a certificate',
    description: 'Folded from the ledger: what was written is seen at once.',
    access: { team: 'path', verb: 'read' },
    query: readQuery,
    answers: { 200: certificate },
    problems: [404],
    handle: async (call) => {
      const { team, name } = place(call);
      return shown(await describeCertificate(call.services, team, name, instantOf(call.query.at)));
    },
  },
  {
    method: 'PUT',
    path: ONE,
    operation: 'putCertificate',
    tag,
    summary: 'Request a certificate, or change its spec',
    description: 'The same spec again changes nothing. The team must be there, and its policy must allow the request.',
    access: { team: 'path', verb: 'write' },
    query: dryRunQuery,
    body: { schema: 'CertificateInput', required: true },
    conditional: true,
    answers: { 200: certificate, 201: { ...certificate, description: 'A new certificate.' } },
    problems: [404, 409],
    handle: putCertificate,
  },
  {
    method: 'DELETE',
    path: ONE,
    operation: 'deleteCertificate',
    tag,
    summary: 'Delete a certificate',
    description:
      'Delivered copies stay unless withdraw=true. Copies are taken away, the CA is asked to revoke, and keys and chains are purged when the grace is over; whoever requests the name again before keeps the copies until the new certificate takes their place.',
    access: { team: 'path', verb: 'write' },
    query: deleteCertificateQuery,
    conditional: true,
    answers: { 204: { description: 'It is deleted.' } },
    problems: [404],
    handle: async (call) => {
      const { withdraw, revoke } = call.query;
      const how = { withdraw: isTrue(withdraw), revoke: isTrue(revoke), grace: graceOf(call.query) };
      await conditionally(call.preconditions, look(call), (expected) =>
        deleteCertificate(call.services, { ...place(call), ...how }, call.meta, expected),
      );
      return nothing;
    },
  },
  {
    method: 'POST',
    path: `${ONE}/renew`,
    operation: 'renewCertificate',
    tag,
    summary: 'Renew a certificate now',
    description: 'When a revision is on its way and waits for its retry, it goes on at once instead.',
    access: { team: 'path', verb: 'write' },
    answers: { 202: { ...certificate, description: 'It is on its way.' } },
    problems: [404],
    handle: async (call) => {
      const { team, name } = place(call);
      return { ...shown(await renewCertificate(call.services, team, name, call.meta)), status: 202 };
    },
  },
  {
    method: 'POST',
    path: `${ONE}/revoke`,
    operation: 'revokeCertificate',
    tag,
    summary: 'Revoke a certificate',
    description:
      'That it is wanted is recorded; then the CA is asked, by the account that ordered it, until it agrees or refuses for good. Another revision takes its place unless replace is false. What is revoked already stays as it is.',
    access: { team: 'path', verb: 'write' },
    body: { schema: 'RevokeInput', required: false },
    answers: { 202: { ...certificate, description: 'It is on its way.' } },
    problems: [404, 409],
    handle: async (call) => {
      const { reason = 'unspecified', replace = true, revision } = parse(revokeBody, call.body ?? {});
      const request = { ...place(call), reason, replace, ...(revision !== undefined && { revision }) };
      return { ...shown(await revokeCertificate(call.services, request, call.meta)), status: 202 };
    },
  },
  {
    method: 'GET',
    path: `${ONE}/events`,
    operation: 'listCertificateEvents',
    tag,
    summary: 'Read what happened to a certificate, and follow it',
    description: 'Oldest first. Read on with the cursor; with wait, the answer is held back until something happens.',
    access: { team: 'path', verb: 'read' },
    query: eventsQuery,
    answers: { 200: { description: 'Events, and where to read on.', schema: 'Timeline' } },
    problems: [404],
    handle: events,
  },
  {
    method: 'GET',
    path: `${ONE}/pem`,
    operation: 'getCertificatePem',
    tag,
    summary: 'Get the issued chain as PEM, leaf first',
    description: 'With key=true the private key stands before it.',
    access: { team: 'path', verb: 'read' },
    query: pemQuery,
    answers: { 200: { description: 'PEM.', contentType: 'application/pem-certificate-chain' } },
    problems: [404, 409],
    handle: pem,
  },
];
