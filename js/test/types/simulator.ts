// The control API of the simulator, used as its types say.

import { type Behavior, connect, type Fault, type Post, start } from "../../simulator/index.js";

const behavior: Behavior = { ackDelayMS: 50, faults: [{ at: "event", do: "silence" }] };
const simulator = await start({ port: 0, names: ["desk.test"], behavior });
const headers: { Authorization: string } = simulator.credentials("agent2");
const fault: Fault = { at: "post", do: "answer", status: 500, header: { "Retry-After": "1" } };
const id: number = await simulator.inject(fault);
const posts: Post[] = await simulator.posts();
const state = await simulator.watch(0, { signal: AbortSignal.timeout(1000) });
const queued: number | undefined = state.sessions[0]?.cometd[0]?.queued;
await connect(simulator.url).setCampaign("Renewals", "started");

// @ts-expect-error: there is no such stage
const wrong: Fault = { at: "never", do: "reset" };
// @ts-expect-error: it is ackDelayMS
await simulator.set({ ackDelay: 1 });

export { headers, id, posts, queued, wrong };
