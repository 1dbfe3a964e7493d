import { httpClient } from '../../lib/adapters/net/client.ts';
import { list } from './environment.ts';

/** Private addresses that the operator allows to be dialled. */
export const allow = list('ALLOW_ADDRESSES');

/** The one dialler for every address that input can name. */
export const http = httpClient({ allow });
