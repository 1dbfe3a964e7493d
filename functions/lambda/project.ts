import { ledger } from '../composition/ledger.ts';
import { log } from '../composition/system.ts';
import { views } from '../composition/views.ts';
import { projectBatch } from '../stream/project.ts';

export const handler = projectBatch({ ledger, views, log });
