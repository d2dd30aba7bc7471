/**
 * Handles Genesys outbound records, and tells the truth about the outcome.
 *
 * @packageDocumentation
 */

export type {
  CallOptions,
  CampaignEvent,
  ClientOptions,
  ClientState,
  CloseOptions,
  CompleteRecordOptions,
  LoadOptions,
  NotificationDetail,
  OtherNotification,
  OutboundCampaign,
  OutboundClient,
  OutboundClientEventMap,
  OutboundClientListener,
  OutboundNotification,
  OutboundRecord,
  RecordEvent,
  StateChangeDetail,
  Transport,
  UnsettledCall,
  UnsettledCallOf,
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
export { load } from "./module.js";
export type * from "./operations.js";
