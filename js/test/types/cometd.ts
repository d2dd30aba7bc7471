// The cometd.js of each line that has types, and those that are kept for lines before 5, are what the option cometd takes.

import { CometD as CometD9 } from "cometd";
import { CometD as CometD5 } from "cometd5";
import { CometD as CometD7 } from "cometd7";
import { CometD as CometD8 } from "cometd8";
import { type CometDLike, createClient } from "gws-outbound";
import type { CometD as CometD4 } from "../../node_modules/@types/cometd/index.d.ts";

await createClient({ cometd: new CometD9() });
await createClient({ cometd: new CometD8() });
await createClient({ cometd: new CometD7() });
await createClient({ cometd: new CometD5() });
export const older = (cometd: CometD4): CometDLike => cometd;

// @ts-expect-error: it lacks most of it
await createClient({ cometd: { getStatus: () => "connected" } });
