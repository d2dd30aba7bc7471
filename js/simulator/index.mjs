import simulator from "./index.cjs";

export const { start, connect } = simulator;
