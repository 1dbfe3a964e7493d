import type { Route } from './route.ts';
import { clusterRoutes, teamRoutes, tokenRoutes } from './routes/admin.ts';
import { applyRoutes } from './routes/apply.ts';
import { certificateRoutes } from './routes/certificates.ts';
import { allCredentialRoutes } from './routes/credentials.ts';
import { incidentRoutes } from './routes/incidents.ts';
import { allIssuerRoutes } from './routes/issuers.ts';
import { limitRoutes } from './routes/limits.ts';
import { redeliverRoutes } from './routes/redeliver.ts';
import { redriveRoutes } from './routes/redrive.ts';
import { replacementRoutes } from './routes/replacements.ts';
import { serviceRoutes } from './routes/service.ts';

/** Every route there is. The router, the OpenAPI document and docs/api.md are made from this table. */
export const routes: readonly Route[] = [
  ...certificateRoutes,
  ...incidentRoutes,
  ...applyRoutes,
  ...allIssuerRoutes,
  ...allCredentialRoutes,
  ...teamRoutes,
  ...clusterRoutes,
  ...tokenRoutes,
  ...limitRoutes,
  ...redeliverRoutes,
  ...redriveRoutes,
  ...replacementRoutes,
  ...serviceRoutes(() => routes),
];
