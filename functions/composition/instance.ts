import { variable } from './environment.ts';

/** Marks what this installation made: `chancery-<instance>` is the field manager in clusters. */
export const instance = variable('INSTANCE');
