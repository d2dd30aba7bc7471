// A desktop of one button, with the hook.

import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { useOutbound } from "./use-outbound.ts";

// The sign-in of the simulator behind `make run`. A page that GWS knows by its
// session cookie needs no options at all.
const options = {
  baseUrl: new URLSearchParams(location.search).get("server") ?? location.origin,
  headers: { Authorization: `Basic ${btoa("agent:secret")}` },
};

const record = {
  recordHandle: 12,
  applicationId: 134,
  campaignName: "Campaign1",
  callingList: "CallingList1",
  devicePath: "/devices/42e3a1c6-fc5e-425b-9411-125f536fde00",
};

function Desktop() {
  const { state, reason, completeRecord } = useOutbound(options);
  const [outcome, setOutcome] = useState("");

  async function complete() {
    setOutcome("waiting for the acknowledgement");
    try {
      const event = await completeRecord({ ...record, callResult: "Answer" });
      setOutcome(`record ${event.record.recordHandle} is completed`);
    } catch ({ message, delivery }) {
      setOutcome(`${delivery}: ${message}`);
    }
  }

  return (
    <main>
      <h1>Record {record.recordHandle}</h1>
      <p role="status" id="state">
        {state} {reason}
      </p>
      <button type="button" onClick={complete} disabled={state === "closed"}>
        Complete as answered
      </button>
      <output id="outcome">{outcome}</output>
    </main>
  );
}

createRoot(document.querySelector("#root")).render(
  <StrictMode>
    <Desktop />
  </StrictMode>,
);
