/**
 * Handles Genesys outbound records, and tells the truth about the outcome.
 *
 * @packageDocumentation
 */

export type {
  CallOptions,
  CampaignEvent,
  ChannelEvent,
  ChannelListener,
  ClientState,
  ClientStats,
  CloseOptions,
  CometDLike,
  CompleteRecordOptions,
  GapDetail,
  LoadOptions,
  LogEntry,
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
  Subscription,
  Transport,
  UnsettledCall,
  UnsettledCallOf,
} from "./api.js";
export { CallResult, type CallResultName } from "./call-results.js";
export { createClient } from "./create-client.js";
export {
  type Delivery,
  OutboundError,
  type OutboundErrorInit,
  type Problem,
} from "./error.js";
export type { ErrorCode } from "./error-codes.js";
export { load } from "./load.js";
export type * from "./operations.js";
export type { ClientOptions } from "./options.js";
