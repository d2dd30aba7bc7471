/**
 * Completes Genesys outbound records, and tells the truth about the outcome.
 *
 * @packageDocumentation
 */

export type {
  ClientOptions,
  ClientState,
  CompleteRecordOptions,
  CompleteRecordRequest,
  LoadOptions,
  NotificationDetail,
  OutboundClient,
  OutboundClientEventMap,
  OutboundClientListener,
  OutboundRecord,
  RecordEvent,
  StateChangeDetail,
  Transport,
} from "./api.js";
export { CallResult, type CallResultName } from "./call-results.js";
export { createClient } from "./create-client.js";
export {
  type Delivery,
  type ErrorCode,
  OutboundError,
  type OutboundErrorInit,
  type Problem,
} from "./error.js";
export { load } from "./load.js";
