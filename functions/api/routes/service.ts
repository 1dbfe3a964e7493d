import { millis } from '../../../lib/domain/time.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { metricsText } from '../metrics.ts';
import { openapi } from '../openapi.ts';
import { metricsQuery } from '../queries.ts';
import type { Answer, Call, Route } from '../route.ts';

/** Of the routes: /v1. */
const API = 'v1';

/** Milliseconds without a scan after which what is due is no longer found in time. */
const SCAN_LATE = 10 * 60_000;

async function readiness({ services, options }: Call) {
  const checks: Record<string, string> = { ledger: await ledgerCheck(services, options.writable) };
  if (options.lastScan) {
    const age = millis(services.clock.now()) - options.lastScan();
    checks.scan = age < SCAN_LATE ? 'ok' : 'late';
  }
  const ready = Object.values(checks).every((word) => word === 'ok');
  return { status: ready ? 200 : 503, json: { status: ready ? 'ok' : 'unavailable', checks } };
}

async function ledgerCheck({ store }: Call['services'], writable = async () => true): Promise<string> {
  try {
    // Of no stream that there can be; whether it is found does not matter.
    await store.head('readiness');
    return (await writable()) ? 'ok' : 'unwritable';
  } catch {
    return 'unreadable';
  }
}

async function metrics({ services, options, query }: Call): Promise<Answer> {
  const { team, limit, cursor } = query;
  const { text, after } = await metricsText(services, {
    own: options.metrics,
    largest: options.largestMetrics,
    team,
    ...(limit !== undefined && { limit: Number(limit) }),
    ...(cursor !== undefined && { after: String(decodeCursor('metrics', cursor, 'query.cursor')) }),
  });
  const contentType = 'text/plain; version=0.0.4; charset=utf-8';
  if (after === undefined) return { status: 200, text, contentType };
  const next = new URLSearchParams({ ...(team && { team }), limit: limit!, cursor: encodeCursor('metrics', after) });
  return { status: 200, text, contentType, headers: { link: `</metrics?${next}>; rel="next"` } };
}

/** Routes that are about the service itself. @param all every route, for the OpenAPI document */
export function serviceRoutes(all: () => readonly Route[]): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/healthz',
      operation: 'getHealth',
      tag: 'service',
      summary: 'Whether the process answers',
      access: 'public',
      answers: { 200: { description: 'It does.', schema: 'Health' } },
      handle: async () => ({ status: 200, json: { status: 'ok' } }),
    },
    {
      method: 'GET',
      path: '/readyz',
      operation: 'getReadiness',
      tag: 'service',
      summary: 'Whether the service can do its work',
      access: 'public',
      answers: {
        200: { description: 'It can.', schema: 'Health' },
        503: { description: 'It cannot; checks say what is missing.', schema: 'Health' },
      },
      handle: readiness,
    },
    {
      method: 'GET',
      path: '/metrics',
      operation: 'getMetrics',
      tag: 'service',
      summary: 'Metrics in the text format of Prometheus',
      description:
        "Counters of the process, and certificates' and issuers' gauges by cert-manager's names. With limit, one page of certificates; the Link header names the next, and only the first has what is there once.",
      access: { team: '*', verb: 'read' },
      answers: { 200: { description: 'Metrics.', contentType: 'text/plain; version=0.0.4; charset=utf-8' } },
      query: metricsQuery,
      handle: metrics,
    },
    {
      method: 'GET',
      path: '/openapi.json',
      operation: 'getOpenApi',
      tag: 'service',
      summary: 'This document',
      access: 'public',
      answers: { 200: { description: 'OpenAPI 3.1.' } },
      handle: async ({ options }) => ({ status: 200, json: openapi(all(), options.version) }),
    },
    {
      method: 'GET',
      path: '/version',
      operation: 'getVersion',
      tag: 'service',
      summary: 'Which program this is',
      access: 'public',
      answers: { 200: { description: 'Name and version.', schema: 'Version' } },
      handle: async ({ options }) => ({
        status: 200,
        json: { name: 'chancery', version: options.version, api: API },
      }),
    },
  ];
}
