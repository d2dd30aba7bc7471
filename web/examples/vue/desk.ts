// A desktop of one button, with the composable.

import { defineComponent, h } from "vue";
import { useOutbound } from "./use-outbound.js";

export default defineComponent({
  setup() {
    const { state, reason, completeRecord } = useOutbound({ baseUrl: "https://gws.example.com" });
    const complete = () =>
      completeRecord({
        recordHandle: 12,
        applicationId: 134,
        campaignName: "Campaign1",
        callingList: "CallingList1",
        devicePath: "/devices/42e3a1c6-fc5e-425b-9411-125f536fde00",
        callResult: "Answer",
      });
    return () => [
      h("p", [state.value, " ", reason.value]),
      h("button", { onClick: complete, disabled: state.value === "closed" }, "Complete"),
    ];
  },
});
