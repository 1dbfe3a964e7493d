import { type Answered, type TestApi, testApi } from './api.ts';

/** Path of the certificate `app` of the team `web`, on which most routes are tried. */
export const APP = '/v1/teams/web/certificates/app';

/** What it asks for, by the team's issuer `own`. */
export const appSpec = { dnsNames: ['app.example.test'], issuerRef: { name: 'own' } };

/** The API with that team and that issuer; the certificate is there when it is put. */
export interface WebApi extends TestApi {
  /** @param more instead of what {@link appSpec} says @param query with its question mark */
  putApp(more?: object, query?: string): Promise<Answered>;
}

export async function webApi(...options: Parameters<typeof testApi>): Promise<WebApi> {
  const api = await testApi(...options);
  await api.putTeam('web');
  await api.putIssuer('web', 'own', { selfSigned: {} });
  const putApp = (more: object = {}, query = ''): Promise<Answered> =>
    api.send('PUT', APP + query, { json: { spec: { ...appSpec, ...more } } });
  return { ...api, putApp };
}
