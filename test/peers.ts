import { makePeers } from './support/peers/make.ts';

await makePeers((line) => console.log(line));
