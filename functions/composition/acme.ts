import { acmeServer } from '../../lib/adapters/acme/acmeServer.ts';
import { variable } from './environment.ts';
import { http } from './http.ts';
import { clock } from './system.ts';

export const acme = acmeServer({ http, clock, userAgent: `chancery/${variable('CHANCERY_VERSION')}` });
