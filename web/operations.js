// @ts-check

import { asOutboundError } from "./words.js";

/** @typedef {import("../js/dist/index.js").OutboundClient} OutboundClient */
/**
 * @typedef {keyof import("../js/dist/index.js").OutboundOperations} Method
 */
/** @typedef {ReturnType<typeof asOutboundError>} OperationError */

/**
 * @typedef {object} Words
 * @property {string} [title] what it is called on the page; by default the words of the method's name
 * @property {(value: any) => string} [done] how to say that it is done
 * @property {boolean} [inCampaign]
 * @property {boolean} [ofNumber] where there is no record, it is about a number
 */

/** @type {Partial<Record<Method, Words>>} */
const words = {
  completeRecord: { title: "Complete" },
  addRecord: { title: "Add a number", ofNumber: true },
  updateRecord: { title: "Update" },
  rejectRecord: { title: "Reject" },
  cancelRecord: { title: "Cancel" },
  doNotCallRecord: { title: "Do not call", ofNumber: true },
  rescheduleRecord: { title: "Reschedule" },
  getChainedRecords: {
    title: "Get the chain",
    done: (records) =>
      records.length === 1 ? "1 more number" : `${records.length || "No"} more numbers`,
  },
  getPreviewRecord: {
    title: "Get a record",
    inCampaign: true,
    done: (record) => (record ? `Record ${record.recordHandle} received` : "No record is left"),
  },
  startPreviewSession: { title: "Start the preview session", inCampaign: true },
  endPreviewSession: { title: "End the preview session", inCampaign: true },
};

/**
 * Says of an operation what it is called, and what it is about.
 *
 * @param {Method} method
 * @param {any} request as the client gets it
 * @returns {{ title: string, subject: string, facts: string, path: string }} `subject`: the record,
 *   number or campaign; `facts`: more about it; `path`: the end of the URL that it is sent to
 */
export function describeOperation(method, request) {
  const { recordHandle, campaignName = "no campaign", callResult, phoneNumber } = request;
  const { title = inWords(method), inCampaign = false, ofNumber = false } = words[method] ?? {};
  if (inCampaign)
    return { title, subject: campaignName, facts: "", path: `/outbound-campaigns/${campaignName}` };
  const facts = [campaignName, callResult].filter(Boolean).join(" · ");
  if (recordHandle === undefined && ofNumber)
    return { title, subject: `Number ${phoneNumber}`, facts, path: "/outbound-records" };
  const subject = `Record ${recordHandle ?? "without a handle"}`;
  return { title, subject, facts, path: `/outbound-records/${recordHandle}` };
}

/**
 * Says in a few words that an operation is done.
 *
 * @param {Method} method
 * @param {any} value what the client gave
 * @returns {string}
 */
export const describeDone = (method, value) =>
  words[method]?.done?.(value) ?? "Acknowledgement received";

/** @param {string} method such as rejectRecord: "Reject record" */
const inWords = (method) =>
  method.charAt(0).toUpperCase() +
  method.slice(1).replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/**
 * Gives the function that does an operation and has the timeline show it.
 *
 * @param {object} desktop
 * @param {{ readonly client: OutboundClient | null, demand(): void }} desktop.connection
 * @param {ReturnType<typeof import("./timeline.js").setUpTimeline>} desktop.timeline
 * @param {import("./left-open.js").LeftOpen} desktop.leftOpen
 */
export function setUpOperations({ connection, timeline, leftOpen }) {
  /**
   * @param {Method} method
   * @param {any} request whether it is right is for the client to say
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<{ value: any, error?: undefined } | { error: OperationError } | null>}
   *   null: there is no client, and the page leads to where one is had
   */
  return async (method, request, options) => {
    const { client } = connection;
    if (!client) {
      connection.demand();
      return null;
    }
    const card = timeline.add(describeOperation(method, request));
    const ended = leftOpen.begin();
    try {
      const value = await /** @type {any} */ (client)[method](request, options);
      ended();
      card.resolve(value, describeDone(method, value));
      return { value };
    } catch (thrown) {
      const error = asOutboundError(thrown);
      ended(error);
      card.reject(error);
      return { error };
    }
  };
}

/** @typedef {ReturnType<typeof setUpOperations>} Perform */
